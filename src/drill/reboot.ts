/** The reboot of a host in a drill: it is gone for a while, with its connection, its lock and its watch. */

import type { HostName } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { ReadScript } from '../model/host.ts';
import type { Span } from '../model/report.ts';
import type { AddressEvent } from '../measure/tenures.ts';
import type { DrillEnvironment, RebootingHosts } from '../move/watch-move.ts';

/** A server's firmware takes minutes. */
export const bootLimitMs = 600_000;
/** After the boot, until keepalived and nginx run. */
export const startLimitMs = 120_000;

/** While a host boots. */
const tellEveryMs = 30_000;

/** @throws HaupError DRILL_FAILED, when the host is not back in time */
export async function waitForBoot(
  environment: DrillEnvironment,
  reboots: RebootingHosts,
  host: HostName,
  signal: AbortSignal,
): Promise<void> {
  const start = environment.now();
  environment.say(`waiting for it to boot, up to ${bootLimitMs / 60_000} min`, host);
  let toldMs = start;
  const why = await reboots.rejoin(host, bootLimitMs, signal, (last) => {
    if (environment.now() - toldMs < tellEveryMs) return;
    toldMs = environment.now();
    environment.say(`not back after ${Math.round((toldMs - start) / 1000)} s: ${last}`, host);
  });
  if (why !== null) {
    throw new HaupError(
      'DRILL_FAILED',
      `It has not come back within ${bootLimitMs / 60_000} min of its reboot: ${why}`,
      {
        host,
        hint: 'Look at its console. The other hosts serve its VIPs; once it answers, haup status shows what is left to do.',
      },
    );
  }
  environment.say(`is back after ${Math.round((environment.now() - start) / 1000)} s`, host);
}

const servicesScript =
  'for unit in keepalived nginx; do echo "$unit $(systemctl is-active $unit.service)"; done' as ReadScript;

/** Waits until keepalived and nginx run; resolves to those that do not, in words. */
export async function waitForServices(
  environment: DrillEnvironment,
  host: HostName,
  signal: AbortSignal,
): Promise<readonly string[]> {
  for (const until = environment.now() + startLimitMs; ; ) {
    const said = Buffer.from(await environment.read(host, servicesScript)).toString('utf8');
    const down = said.split('\n').filter((line) => /^\S+ (?!active$)\S/.test(line));
    if (down.length === 0) return [];
    if (environment.now() > until) {
      return down.map((line) => {
        const [unit = '', state = ''] = line.split(' ');
        return `${host} has booted, and its ${unit} is ${state}: systemctl status ${unit} there says why`;
      });
    }
    await environment.sleep(500, signal);
  }
}

/**
 * A host that takes its VIP back before it can be watched again is first seen with it when the watching begins. It got
 * the VIP when the holder before it gave the VIP up, as far as can be known: there the way back is. `silent`: from the
 * fault until the host was watched again. `backMs`: null when the way back came later.
 */
export function seenLate(
  events: readonly AddressEvent[],
  host: HostName,
  silent: Span,
): { readonly events: readonly AddressEvent[]; readonly backMs: number | null } {
  const unheard = events.filter(({ at }) => at > silent.fromMs && at <= silent.toMs);
  const first = unheard.find((event) => event.host === host && event.held);
  const given = unheard.findLast(
    (event) => event.host !== host && !event.held && event.at < (first?.at ?? 0),
  );
  if (first === undefined || given === undefined) return { events, backMs: null };
  const moved = events.map((event) => (event === first ? { ...event, at: given.at } : event));
  return { events: moved.toSorted((a, b) => a.at - b.at), backMs: given.at };
}
