/**
 * VRRP's arithmetic: how long an outage may last, and how long a move may take. Times in milliseconds.
 *
 * Sources: RFC 3768 section 6.1 (version 2) and RFC 5798 section 6.1 (version 3), which keepalived
 * follows in include/vrrp.h (VRRP_TIMER_SKEW, VRRP_MS_DOWN_TIMER).
 */

import type { HostName, Vip, Vrrp } from '../model/domain.ts';

export type MoveCause =
  | 'stop'
  | 'drain'
  | 'nginx'
  | 'crash'
  | 'hang'
  | 'link'
  | 'split'
  | 'deaf'
  | 'reboot'
  | 'failback'
  | 'recovery'
  | 'merge';

export interface Bound {
  /** The longest time without an answer that the timers allow. */
  readonly outageMs: number;
  /** What a measurement may add to it. */
  readonly allowanceMs: number;
  /** The new holder is there before the old one goes: every request is answered, at the second try at the latest. */
  readonly lossless: boolean;
  /** The latest end of the move, from the fault. */
  readonly withinMs: number;
  /** The longest time that two hosts may hold the VIP; null: as long as the fault lasts. */
  readonly bothHeldMs: number | null;
  /** The longest time that none may hold it. */
  readonly noneHeldMs: number;
  /** How `outageMs` is computed, for people: `skew (256 − 80)/256 s of keep_137`. */
  readonly formula: string;
}

/** Of the bound, and for scheduling on both ends. */
const allowance = (outageMs: number): number => outageMs * 0.15 + 30;

/** For one late answer of a busy machine. What VRRP itself would cost shows as lost requests. */
const lateAnswerMs = 100;

/** From the order to reboot until keepalived is stopped. */
const shutdownMs = 30_000;

/** For the daemon to start and to read its files; part of no outage. */
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
  /** Who will hold the VIP, and the priority that it runs with now. */
  readonly successor: HostName;
  readonly priority: number;
}

/**
 * The bound of a move, by its cause:
 *
 * - stop: the leaving master sends priority 0 and drops the VIP; the successor waits its skew.
 * - drain, failback: the successor hears a lower priority, ignores it, and its master-down timer runs out while the old
 *   holder still answers: no outage.
 * - reboot: a stop. systemd stops keepalived before nginx and before the network, by the order of haup's units.
 * - link, power: silence. The timer began with the last advert, up to one interval before.
 * - crash: silence too. haup's unit takes the VIP out of the kernel at once (ExecStopPost), so nothing answers.
 * - nginx: `fall` checks in a row have to fail; the first begins up to one interval after the fault. keepalived then
 *   gives up as in a stop (priority 0).
 * - hang: each check also waits for its timeout. While one runs the next is skipped, so a timeout of one interval
 *   doubles the interval.
 * - split: the successor hears nothing and takes the VIP too; no outage, and two holders for as long as it lasts.
 * - deaf: a holder that hears nothing sends as before: nothing moves.
 * - merge: the lower priority gives up at the first advert. When it has not sent one by then, the other does not
 *   announce the VIP again, and clients find it at its next gratuitous ARP (garp_master_refresh).
 * - recovery: a failback, after `rise` good checks in a row.
 *
 * Checks start every `interval` whatever the last one took: keepalived's vrrp_script_thread (vrrp_scheduler.c).
 */
export function bound(cause: MoveCause, { vip, vrrp, successor, priority }: Case): Bound {
  const skew = skewMs(vrrp, vip.advertInt, priority);
  const down = masterDownMs(vrrp, vip.advertInt, priority);
  const skewText = `skew (256 − ${priority})/256 ${vrrp.version === 3 ? `× ${vip.advertInt} s` : 's'} of ${successor}`;
  const broken = (outageMs: number, formula: string, noneHeldMs = outageMs): Bound => ({
    outageMs,
    allowanceMs: allowance(outageMs),
    lossless: false,
    withinMs: outageMs,
    bothHeldMs: 0,
    noneHeldMs,
    formula,
  });
  const seamless = (withinMs: number, bothHeldMs: number | null = 0): Bound => ({
    outageMs: 0,
    allowanceMs: lateAnswerMs,
    lossless: true,
    withinMs,
    bothHeldMs,
    noneHeldMs: 0,
    formula: 'make before break: the successor holds the VIP before the holder drops it',
  });
  const { interval, timeout, fall, rise } = vrrp.check;
  const back = down + vrrp.preemptDelay * 1000 + startMs;
  switch (cause) {
    case 'stop':
      return broken(skew, skewText);
    case 'reboot':
      return { ...broken(skew, skewText), withinMs: shutdownMs + skew };
    case 'link':
    case 'crash':
      return broken(down, `3 × ${vip.advertInt} s + ${skewText}`);
    case 'nginx':
      return broken(fall * interval * 1000 + skew, `${fall} checks every ${interval} s + ${skewText}`, skew);
    case 'hang': {
      const every = timeout < interval ? interval : 2 * interval;
      const detectMs = (fall * every + timeout) * 1000;
      const formula = `${fall} checks every ${every} s + timeout ${timeout} s + ${skewText}`;
      return broken(detectMs + skew, formula, skew);
    }
    case 'drain':
      return seamless(down);
    case 'split':
      return seamless(down, null);
    case 'deaf':
      return seamless(down);
    case 'merge': {
      const refresh = vrrp.garpMasterRefresh;
      const mergeMs = (vip.advertInt + refresh) * 1000;
      return {
        ...broken(mergeMs, `${vip.advertInt} s + garp_master_refresh ${refresh} s`, 0),
        bothHeldMs: 2000 * vip.advertInt,
      };
    }
    case 'failback':
      return seamless(back);
    case 'recovery':
      return seamless(rise * interval * 1000 + timeout * 1000 + back);
  }
}
