import { pause } from '../base/pause.ts';
import type { LiveHost } from '../check/live-report.ts';
import { statusRequest } from '../desired/facts-request.ts';
import { gather } from '../facts/gather.ts';
import { type AddressChange, type HeldAddresses, heldAddresses } from '../measure/held-addresses.ts';
import { hostClock } from '../measure/host-clock.ts';
import { hostLineParser, hostMonitorScript } from '../measure/host-monitor.ts';
import type { HostName, Inventory } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { HostFacts } from '../model/facts.ts';
import type { Host } from '../model/host.ts';
import type { Context } from './command-context.ts';
import { connectSome } from './connect.ts';
import type { GlobalOptions } from './options.ts';

/**
 * Told of everything that becomes known of a host, null when it is lost, and of the addresses that it got or lost, with
 * the times by the operator's clock.
 */
export type Told = (
  host: LiveHost | null,
  changes: readonly AddressChange[],
  error: HaupError | null,
) => void;

/** A stream is renewed after this, so that one whose haup was cut off ends on its host by itself. */
const streamSeconds = 1500;
/** A host that prints a line a second, and has printed none for so long, is lost. */
const silentMs = 6_000;
const retryMs = 1_000;
/** For a host that was lost: it will be tried again. */
const retryConnectSeconds = 5;
/** Not every fact has a line of the stream that says it has changed; open connections of a grace change all the time. */
const [factsEveryMs, factsInGraceMs] = [30_000, 5_000];
/** Another try would be refused as well, and might lock the account. */
const refused: ReadonlySet<string> = new Set([
  'AUTH_REFUSED',
  'HOST_KEY_CHANGED',
  'HOST_KEY_UNKNOWN',
  'SUDO_REFUSED',
]);

/** Watches one host until the context's signal aborts, over new connections when it was lost. */
export async function followHost(
  context: Context,
  inventory: Inventory,
  options: GlobalOptions,
  name: HostName,
  told: Told,
): Promise<void> {
  const { signal } = context;
  let held = heldAddresses();
  for (let wish = options; !signal.aborted; wish = shorter(options)) {
    const error = await once(context, inventory, wish, name, held, told);
    if (signal.aborted) return;
    if (error === null) continue;
    // What a lost host has is not known any more.
    const atMs = context.now();
    const lost = [...held.current].map((address) => ({ address, held: false, atMs }));
    held = heldAddresses();
    told(null, lost, error);
    if (refused.has(error.code)) return;
    await pause(retryMs, signal).catch(() => undefined);
  }
}

const shorter = (options: GlobalOptions): GlobalOptions => ({
  ...options,
  connectTimeout: String(Math.min(retryConnectSeconds, Number(options.connectTimeout))),
});

/** Null: the stream came to its end, and can be renewed. */
async function once(
  context: Context,
  inventory: Inventory,
  options: GlobalOptions,
  name: HostName,
  held: HeldAddresses,
  told: Told,
): Promise<HaupError | null> {
  await using connected = await connectSome(context, inventory, options, { names: [name] });
  const host = connected.hosts.get(name);
  if (host === undefined) return connected.failures.get(name) ?? null;
  const over = new AbortController();
  const silence = setTimeout(() => {
    over.abort(
      new HaupError('CONNECTION_LOST', `It has been silent for ${silentMs / 1000} s.`, { host: name }),
    );
  }, silentMs);
  try {
    const ending = AbortSignal.any([context.signal, over.signal]);
    await read(context, inventory, host, held, told, { ending, over, heard: () => void silence.refresh() });
    return over.signal.aborted ? (over.signal.reason as HaupError) : null;
  } catch (error) {
    if (error instanceof HaupError) return error;
    throw error;
  } finally {
    clearTimeout(silence);
    over.abort();
  }
}

interface Stream {
  readonly ending: AbortSignal;
  /** Ends the stream, with the reason. */
  readonly over: AbortController;
  readonly heard: () => void;
}

async function read(
  context: Context,
  inventory: Inventory,
  host: Host,
  held: HeldAddresses,
  told: Told,
  { ending, over, heard }: Stream,
): Promise<void> {
  const clock = hostClock();
  const parse = hostLineParser();
  let [seen, answers]: [string, boolean | null] = ['', null];
  let facts = null as HostFacts | null;
  let gatheredAtMs = 0;
  let asking: Promise<void> | null = null;
  let listed = false;
  let untold: readonly AddressChange[] = [];

  const tell = (): void => {
    if (facts === null || !listed) return;
    const changes = untold.map((change) => ({ ...change, atMs: clock.toLocal(change.atMs) }));
    told({ facts, gatheredAtMs, held: new Set(held.current), answers }, changes, null);
    untold = [];
  };
  const ask = async (): Promise<void> => {
    try {
      facts = await gather(host, statusRequest(inventory), ending);
      gatheredAtMs = context.now();
      tell();
    } catch (error) {
      // A file that changed while it was read: the next line asks again.
      if (error instanceof HaupError && error.code === 'FACTS_UNREADABLE') seen = '';
      else over.abort(error);
    } finally {
      asking = null;
    }
  };
  for await (const line of host.watch(hostMonitorScript(streamSeconds, inventory.nginx.healthPort), ending)) {
    heard();
    const said = parse(line);
    if (said === null) continue;
    if (said.kind !== 'state') {
      clock.heard(said.kind === 'tick' ? said.toMs : said.atMs, context.now());
      const changes = held.take(said);
      untold = [...untold, ...changes];
      if (changes.length === 0 && listed) continue;
      listed ||= said.kind === 'tick';
      tell();
      continue;
    }
    const everyMs: number = facts?.graces === undefined ? factsEveryMs : factsInGraceMs;
    if (asking === null && (said.seen !== seen || context.now() - gatheredAtMs > everyMs)) {
      seen = said.seen;
      asking = ask();
    }
    if (said.answers === answers) continue;
    answers = said.answers;
    tell();
  }
  await asking;
}
