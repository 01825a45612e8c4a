/** Who holds a VIP when, by the word of the kernels of all hosts of a lab, which share one clock. */

import { setTimeout as sleep } from 'node:timers/promises';
import { onHost } from './haup.ts';

/** The longest times for which no host had the VIP, and for which several had it, in ms. */
export interface Held {
  readonly nobodyMs: number;
  readonly bothMs: number;
}

const log = '/run/holding';
const stop = `kill $(cat ${log}.pid); cat ${log}`;
/** The addresses that are there, as events of the beginning, then each one that comes or goes. */
const start = `ip -ts -o monitor address > ${log} 2>&1 & echo $! > ${log}.pid
ip -o -4 addr show | sed "s/^/[$(date +%Y-%m-%dT%H:%M:%S.%6N)] /" > ${log}.first`;

/** Watches while `work` runs; for each VIP. */
export async function held(
  lab: string,
  hosts: readonly string[],
  vips: readonly string[],
  work: () => Promise<unknown>,
): Promise<Readonly<Record<string, Held>>> {
  for (const host of hosts)
    await onHost(
      lab,
      host,
      `setsid sh -c '${start.replaceAll("'", `'\\''`)}' < /dev/null > /dev/null 2>&1; sleep 0.2`,
    );
  const began = Date.now();
  await work();
  await sleep(100);
  const ended = Date.now();
  const told = await Promise.all(hosts.map((host) => onHost(lab, host, `cat ${log}.first; ${stop}`)));
  return Object.fromEntries(vips.map((vip) => [vip, longest(vip, told, began, ended)]));
}

/** ms since the epoch, with the microseconds that Date would drop. */
const momentOf = (when: string): number =>
  Date.parse(`${when.slice(0, 23)}Z`) + Number(when.slice(23)) / 1000;

function longest(vip: string, told: readonly string[], began: number, ended: number): Held {
  const events = told
    .flatMap((text, host) =>
      text.split('\n').flatMap((line) => {
        const [, when, deleted, address] = /^\[(\S+)\] (Deleted )?\d+: \S+ +inet ([0-9.]+)/.exec(line) ?? [];
        return address === vip && when !== undefined
          ? [{ at: Math.max(began, momentOf(when)), host, has: deleted === undefined }]
          : [];
      }),
    )
    .toSorted((a, b) => a.at - b.at);
  const holders = new Set<number>();
  const most = { nobodyMs: 0, bothMs: 0 };
  let since = began;
  for (const { at, host, has } of [...events, { at: ended, host: -1, has: true }]) {
    if (holders.size === 0) most.nobodyMs = Math.max(most.nobodyMs, at - since);
    if (holders.size > 1) most.bothMs = Math.max(most.bothMs, at - since);
    const before = holders.size;
    if (has) holders.add(host);
    else holders.delete(host);
    if (before !== holders.size) since = at;
  }
  return most;
}
