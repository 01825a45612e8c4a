/**
 * The script that watches the addresses of one host, and the parser of what it prints. Every second it
 * says the time and all addresses; in between, `ip monitor` says each change as it happens.
 */

import { hostScript } from '../base/host-script.ts';
import type { ReadScript } from '../model/host.ts';
import type { Span } from '../model/report.ts';

/** Times in milliseconds since the epoch by the host's own clock. */
export type MonitorLine =
  /** All addresses of the host as they were at one moment between `fromMs` and `toMs`. */
  | {
      readonly kind: 'tick';
      readonly fromMs: number;
      readonly toMs: number;
      /** The host's monotonic clock just before and just after its clock said `fromMs`. */
      readonly up: Span;
      readonly addresses: readonly string[];
    }
  | {
      readonly kind: 'change';
      readonly atMs: number;
      readonly address: string;
      readonly held: boolean;
    };

/** templates/scripts/watch-addresses.sh, for at most `seconds`. */
export const monitorScript = (seconds: number): ReadScript =>
  hostScript('watch-addresses', { seconds }) as ReadScript;

/** Says the host's time once: one half of a comparison of two clocks. */
export const clockScript: ReadScript = 'date +%s%N' as ReadScript;

/** Nanoseconds as `date +%s%N` prints them, to milliseconds. */
export const fromNanoseconds = (text: string): number =>
  // In two parts: together they are too long for a double.
  Number(text.slice(0, -6)) + Number(text.slice(-6)) / 1e6;

/** Reads line by line: before iproute2 3.17 a change's time is on the line before it. */
export function monitorParser(): (line: string) => MonitorLine | null {
  let before: number | null = null;
  return (line) => {
    const tick = /^tick (\d+) (\d+) ([\d.]+) ([\d.]+)((?: \S+)*)$/.exec(line);
    if (tick !== null) {
      const [, from = '', to = '', upBefore = '', upAfter = '', list = ''] = tick;
      return {
        kind: 'tick',
        fromMs: fromNanoseconds(from),
        toMs: fromNanoseconds(to),
        up: { fromMs: Number(upBefore) * 1000, toMs: Number(upAfter) * 1000 },
        addresses: list.split(' ').filter((word) => word !== ''),
      };
    }
    const atMs = timeOf(line) ?? before;
    // On lo a VIP is for the grace of a host that has given it up.
    const change = /(Deleted )?\d+: (?!lo )\S+ +inet6? ([0-9a-fA-F:.]+)/.exec(line);
    before = change === null ? atMs : null;
    if (change === null || atMs === null) return null;
    return { kind: 'change', atMs, address: change[2] ?? '', held: change[1] === undefined };
  };
}

/** `[2026-11-23T03:49:59.753827]` or `Timestamp: Mon Nov 23 03:49:59 2026 753726 usec`, both UTC. */
function timeOf(line: string): number | null {
  const short = /^\[(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{6})\]/.exec(line);
  if (short !== null) return Date.parse(`${short[1]}Z`) + Number(short[2]) / 1000;
  const long = /^Timestamp: \w{3} (\w{3}) +(\d+) (\d\d:\d\d:\d\d) (\d{4}) (\d+) usec/.exec(line);
  if (long === null) return null;
  const [, month, day, time, year, micros] = long;
  return Date.parse(`${day} ${month} ${year} ${time} UTC`) + Number(micros) / 1000;
}
