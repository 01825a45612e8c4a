import type { HostName } from '../model/domain.ts';
import type { Host, ReadScript } from '../model/host.ts';
import { hostClock } from '../measure/host-clock.ts';

/** The hosts have heard of it by then, also over a slow line and on busy machines. */
const leadMs = 1000;
const rounds = 3;

/**
 * A moment shortly ahead, by the time that each host has been up: clocks need not agree, and may be set meanwhile.
 * Good to a few milliseconds, as the fastest of three answers is; `now` is the operator's monotonic clock.
 */
export async function agree(
  hosts: readonly Host[],
  now: () => number,
  signal: AbortSignal,
): Promise<ReadonlyMap<HostName, number>> {
  let slowest = 0;
  const ahead = await Promise.all(
    hosts.map(async (host) => {
      const clock = hostClock();
      for (let round = 0; round < rounds; round++) {
        const asked = now();
        const said = Number(Buffer.from(await host.read(uptimeScript, signal)).toString('utf8'));
        clock.heard(1000 * said, now());
        slowest = Math.max(slowest, now() - asked);
      }
      return [host.name, -clock.toLocal(0)] as const;
    }),
  );
  const moment = now() + leadMs + 2 * slowest;
  return new Map(ahead.map(([name, by]) => [name, Math.round(moment + by)]));
}

/** Seconds since the boot, said when the last of its hundredths has just begun. */
const uptimeScript =
  'read -r was rest < /proc/uptime; up=$was; while [ "$up" = "$was" ]; do read -r up rest < /proc/uptime; done; echo "$up"' as ReadScript;
