import type { HostName } from '../model/domain.ts';
import { HaupError, SeveralErrors } from '../model/errors.ts';
import type { FactsRequest, HostFacts } from '../model/facts.ts';
import type { Host } from '../model/host.ts';
import { factsScript, parseFacts } from './facts-script.ts';

/** Facts take well under a second, and a package manager that is asked has its own limit: a slower host is ill. */
const limitMs = 15_000;

/** A file may change while it is read, as where a host goes on by itself after a haup that was killed. */
const mostLooks = 3;

/**
 * All facts of a host in one round trip, or two more where they do not fit together. Rejects with COMMAND_TIMED_OUT when
 * a program on the host hangs.
 */
export async function gather(host: Host, request: FactsRequest, signal: AbortSignal): Promise<HostFacts> {
  for (let look = 1; ; look += 1) {
    const answer = await host.read(factsScript(request), signal, limitMs);
    try {
      return parseFacts(host.name, answer, request.known);
    } catch (error) {
      const isTorn = error instanceof HaupError && error.code === 'FACTS_UNREADABLE';
      if (!isTorn || look === mostLooks) throw error;
    }
  }
}

export interface Gathered {
  readonly facts: ReadonlyMap<HostName, HostFacts>;
  /** Of every host that did not answer. */
  readonly failures: ReadonlyMap<HostName, HaupError>;
}

/** Facts of many hosts at once, but for those with the request null. */
export async function gatherSome(
  hosts: ReadonlyMap<HostName, Host>,
  requestFor: (host: HostName) => FactsRequest | null,
  signal: AbortSignal,
): Promise<Gathered> {
  const facts = new Map<HostName, HostFacts>();
  const failures = new Map<HostName, HaupError>();
  await Promise.all(
    [...hosts].map(async ([name, host]) => {
      const request = requestFor(name);
      if (request === null) return;
      try {
        facts.set(name, await gather(host, request, signal));
      } catch (error) {
        if (signal.aborted || !(error instanceof HaupError)) throw error;
        failures.set(name, error);
      }
    }),
  );
  return { facts, failures };
}

/** The same, but throws the failures of all hosts that did not answer. */
export async function gatherAll(
  hosts: ReadonlyMap<HostName, Host>,
  requestFor: (host: HostName) => FactsRequest | null,
  signal: AbortSignal,
): Promise<ReadonlyMap<HostName, HostFacts>> {
  const { facts, failures } = await gatherSome(hosts, requestFor, signal);
  const [first, ...rest] = failures.values();
  if (first === undefined) return facts;
  throw rest.length === 0 ? first : new SeveralErrors([first, ...rest]);
}
