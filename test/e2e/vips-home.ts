/** Where VIPs are, as the kernel of each host says: a look that costs a hundredth of a `haup status`. */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { hostNamespace } from '../../src/lab/names.ts';
import { hangMs } from '../limits.ts';
import { root, runProcess } from './haup.ts';

interface Vip {
  readonly address: string;
  readonly hosts: readonly string[];
}

/** Waits until the first host of each VIP has it, and none of the others. */
export async function vipsHome(lab: string, inventory: string): Promise<void> {
  const { vips } = parse(readFileSync(resolve(root, inventory), 'utf8')) as { readonly vips: readonly Vip[] };
  const hosts = [...new Set(vips.flatMap((vip) => vip.hosts))];
  let where = '';
  for (const end = performance.now() + hangMs(30_000); performance.now() < end; await sleep(200)) {
    const held = new Map(
      await Promise.all(hosts.map(async (host) => [host, await addressesOf(lab, host)] as const)),
    );
    const holders = (address: string): readonly string[] =>
      hosts.filter((host) => held.get(host)?.includes(` ${address.replace(/\/.*/, '')}/`));
    if (vips.every(({ address, hosts: [first] }) => holders(address).join() === first)) return;
    where = vips.map(({ address }) => `${address}: ${holders(address).join(' and ') || 'nobody'}`).join(', ');
  }
  throw new Error(`the VIPs are not where they belong: ${where}`);
}

/** Nothing of a host that is off. */
const addressesOf = async (lab: string, host: string): Promise<string> =>
  (await runProcess('nsenter', [`--net=/run/netns/${hostNamespace(lab, host)}`, 'ip', '-o', '-4', 'addr']))
    .stdout;
