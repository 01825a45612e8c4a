/**
 * VRRP's arithmetic: how long an outage may last, and how long a move may take. Times in milliseconds.
 *
 * Sources: RFC 3768 section 6.1 (version 2) and RFC 5798 section 6.1 (version 3), which keepalived
 * follows in include/vrrp.h (VRRP_TIMER_SKEW, VRRP_MS_DOWN_TIMER).
 */

import type { HostName, Vip, Vrrp } from '../model/domain.ts';

export type MoveCause = 'stop' | 'drain' | 'failback' | 'link' | 'crash' | 'nginx';

export interface Bound {
  /** The longest time without an answer that the timers allow. */
  readonly outageMs: number;
  /** What a measurement may add to it. */
  readonly allowanceMs: number;
  /** True: the new holder is there before the old one goes, so that every request is answered, at the second try at the latest. */
  readonly lossless: boolean;
  /** When the move is over at the latest, counted from the fault. */
  readonly withinMs: number;
  /** The longest time that two hosts may have the VIP; null: as long as the fault lasts. */
  readonly bothHeldMs: number | null;
  /** The longest time that none may have it. */
  readonly noneHeldMs: number;
  /** How `outageMs` comes about, for people: `skew (256 − 80)/256 s of keep_137`. */
  readonly formula: string;
}

/** Of the bound, and for scheduling on both ends. */
const allowance = (outageMs: number): number => outageMs * 0.15 + 30;

/** For one late answer of a busy machine. What VRRP itself would cost shows as lost requests. */
const lateAnswerMs = 100;

/** For the daemon to start and to read its files; no part of any outage. */
const startMs = 1_000;

/** (256 − priority)/256 seconds in version 2, the same share of an advert interval in version 3. */
export function skewMs(vrrp: Pick<Vrrp, 'version'>, advertInt: number, priority: number): number {
  return ((256 - priority) / 256) * (vrrp.version === 3 ? advertInt * 1000 : 1000);
}

/** Three missed adverts and the skew: how long a backup waits before it calls the master dead. */
export function masterDownMs(vrrp: Pick<Vrrp, 'version'>, advertInt: number, priority: number): number {
  return 3 * advertInt * 1000 + skewMs(vrrp, advertInt, priority);
}

export interface Case {
  readonly vip: Vip;
  readonly vrrp: Vrrp;
  /** Who will have the VIP, and the priority that it runs with now. */
  readonly successor: HostName;
  readonly priority: number;
}

/**
 * - stop: the leaving master says priority 0 and drops the VIP; the successor waits its skew.
 * - drain, failback: the successor hears a lower priority, ignores it, and its master-down timer runs
 *   out while the old holder still answers: no outage.
 * - link, or power: silence; the last advert was heard up to one interval before.
 * - crash: the VIP stays in the kernel of a host whose keepalived is gone, and answers; then two have it.
 * - nginx: the health check has to fail `fall` times; a hung nginx costs the last check its timeout too.
 */
export function bound(drill: MoveCause, { vip, vrrp, successor, priority }: Case): Bound {
  const skew = skewMs(vrrp, vip.advertInt, priority);
  const down = masterDownMs(vrrp, vip.advertInt, priority);
  const skewText = `skew (256 − ${priority})/256 ${vrrp.version === 3 ? `× ${vip.advertInt} s` : 's'} of ${successor}`;
  const broken = (outageMs: number, formula: string): Bound => ({
    outageMs,
    allowanceMs: allowance(outageMs),
    lossless: false,
    withinMs: outageMs,
    bothHeldMs: 0,
    noneHeldMs: outageMs,
    formula,
  });
  const made = (withinMs: number, bothHeldMs: number | null = 0): Bound => ({
    outageMs: 0,
    allowanceMs: lateAnswerMs,
    lossless: true,
    withinMs,
    bothHeldMs,
    noneHeldMs: 0,
    formula: 'make before break: the successor has the VIP before the holder drops it',
  });
  switch (drill) {
    case 'stop':
      return broken(skew, skewText);
    case 'link':
      return broken(down, `3 × ${vip.advertInt} s + ${skewText}`);
    case 'nginx': {
      const { interval, timeout, fall } = vrrp.check;
      const detect = (fall * interval + timeout) * 1000;
      return broken(detect + skew, `${fall} checks every ${interval} s + timeout ${timeout} s + ${skewText}`);
    }
    case 'crash':
      return made(down, null);
    case 'drain':
      return made(down);
    case 'failback':
      return made(down + vrrp.preemptDelay * 1000 + startMs);
  }
}
