/** What the tests of bad input share: inventories with something wrong, and the proof that nothing suffered. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { parse } from 'yaml';
import { defaultRoots, labPaths } from '../../src/lab/names.ts';
import { eventually, inLab, mainLab, onHost, root, type Run, type RunOptions } from './haup.ts';
import { lightNginx } from './light-builds.ts';
import { vipsHome } from './vips-home.ts';

export const scratch: string = mkdtempSync(join(tmpdir(), 'haup-bad-'));
export const lab = labPaths(defaultRoots, mainLab);
export const hosts = ['keep_136', 'keep_137'] as const;
export type HostId = (typeof hosts)[number];

/** The parts of an inventory as written that these tests change. */
export interface Written {
  readonly hosts: Record<HostId, { address: string; interface?: string; ssh?: Record<string, unknown> }>;
  readonly vips: { address: string; hosts: string[]; virtual_router_id: number; [key: string]: unknown }[];
  readonly vrrp: Record<string, unknown>;
  readonly keepalived: { version: string; sha256?: string; urls: string[]; configure: string[] };
  readonly nginx: { version: string; sha256?: string; urls: string[]; configure: string[]; sites?: object[] };
  hooks?: object;
}

let written = 0;

/** The example as the lab applies it, with something changed, as a file of its own. */
export function inventory(change: (it: Written) => void = () => undefined): string {
  const it = parse(readFileSync(join(root, 'inventory.example.yaml'), 'utf8')) as Written;
  const overlay = parse(readFileSync(lab.overlay, 'utf8')) as Pick<Written, 'keepalived' | 'nginx'>;
  for (const service of ['keepalived', 'nginx'] as const) Object.assign(it[service], overlay[service]);
  change(it);
  return scratchFile(`inventory-${(written += 1)}.yaml`, JSON.stringify(it, null, 2));
}

export function scratchFile(name: string, text: string | Uint8Array): string {
  const path = join(scratch, name);
  writeFileSync(path, text);
  return path;
}

/**
 * `haup apply --yes` of an inventory on the main lab. Nothing is found in a cache, and what is kept stays here.
 */
export function apply(
  path: string,
  options: RunOptions & { readonly args?: readonly string[] } = {},
): Promise<Run> {
  const inside = {
    HAUP_OVERLAY: '',
    XDG_CACHE_HOME: join(scratch, 'cache'),
    XDG_STATE_HOME: join(scratch, 'state'),
    ...options.inside,
  };
  return inLab(mainLab, ['apply', path, '--yes', ...(options.args ?? [])], { ...options, inside });
}

export interface Wanted {
  readonly exit: number;
  readonly code: string;
  /** The host that the message must name; null: it concerns no host. */
  readonly host: string | null;
  /** What message and details must say. */
  readonly says: readonly RegExp[];
  /** What the next step must be. */
  readonly next: RegExp;
}

/** Judges the error that a run ended with, as an operator with 80 columns reads it. */
export function expectError(run: Run, { exit, code, host, says, next }: Wanted): void {
  const text = run.stderr.slice(Math.max(0, run.stderr.search(/^Error\b/m)));
  expect(text, run.stdout + run.stderr).toMatch(/^Error\b/);
  const unwrapped = text.replace(/\n {2,8}(?=\S)/g, ' ');
  expect(text).toContain(`Code: ${code}\n`);
  expect(run.code, text).toBe(exit);
  if (host !== null) expect(text).toContain(host);
  for (const one of says) expect(unwrapped).toMatch(one);
  const [, hint = ''] = /Next: (.*?)( Code: |\n|$)/.exec(unwrapped) ?? [];
  expect(hint).toMatch(next);
  // Lines that are quoted are never broken; haup's own are.
  for (const line of text.split('\n'))
    if (!line.startsWith('    ')) expect(line.length, line).toBeLessThanOrEqual(80);
  expect(text).not.toMatch(/bug in haup|^\s+at /m);
}

/** How the pair serves: the same before and after, to the process. */
async function serving(): Promise<readonly string[]> {
  const look = `ip -o -4 addr show ens33 | sed 's/.*inet \\([0-9./]*\\).*/holds \\1/' | sort
systemctl show -p Id,ActiveState,MainPID,NRestarts keepalived nginx
for vip in 192.168.160.161 192.168.160.162; do echo "$vip answered by $(curl -s -m 2 "http://$vip/haup/host")"; done
sha256sum /etc/keepalived/keepalived.conf /usr/local/nginx/conf/nginx.conf /usr/local/nginx/conf/haup.d/* /usr/local/nginx/sbin/nginx /usr/local/nginx/.haup-build.nginx 2>/dev/null
find /var/lib/haup/build /var/lib/haup/stage/* /run/haup.unread.* 2>/dev/null
find /etc /usr/local /usr/libexec -name '*.haup-new' -o -name '*.haup-keep'`;
  return Promise.all(hosts.map((host) => onHost(mainLab, host, look)));
}

/** The next good apply has nothing to do, and everything is where it belongs. */
export async function expectAllWell(): Promise<void> {
  const { code, stdout, stderr } = await inLab(mainLab, ['apply', 'inventory.example.yaml', '--yes']);
  expect(stdout, stderr).toMatch(/Nothing to do: both hosts are as the inventory says/);
  expect(stdout).toMatch(/All is well: 2 VIPs where expected, 2 hosts in service/);
  expect(code).toBe(0);
}

export interface Pair {
  /** Breaks something on a host; it is mended after the test however that ends. */
  readonly broken: (host: HostId, breaks: string, mends: string) => Promise<void>;
  readonly mendLater: (undo: () => Promise<unknown>) => void;
  readonly mend: () => Promise<void>;
  /** The hosts serve as before, to the process; the good inventory finds nothing to do. */
  readonly untouched: () => Promise<void>;
  /** What was done to the hosts was right: they are to stay as they are now. */
  readonly accept: () => Promise<void>;
}

/** The serving pair of the main lab, for one file of tests. */
export function servingPair(): Pair {
  let before: readonly string[] = [];
  const mending: (() => Promise<unknown>)[] = [];
  const accept = async (): Promise<void> => void (before = await serving());
  const mend = async (): Promise<void> => {
    for (const undo of mending.splice(0).reverse()) await undo();
  };
  beforeAll(accept);
  afterEach(mend);
  afterAll(() => rmSync(scratch, { recursive: true }));
  return {
    accept,
    mend,
    mendLater: (undo) => void mending.push(undo),
    broken: async (host, breaks, mends) => {
      mending.push(() => onHost(mainLab, host, mends));
      await onHost(mainLab, host, breaks);
    },
    untouched: async () => {
      expect(await serving()).toEqual(before);
      await expectAllWell();
    },
  };
}

/** Waits until `haup status` finds nothing wrong. */
export async function wellAgain(): Promise<void> {
  await vipsHome(mainLab, 'inventory.example.yaml');
  await eventually(
    'all is well',
    async () => (await inLab(mainLab, ['status', 'inventory.example.yaml'])).code === 0,
  );
}

export type Change = (it: Written) => void;
/** Name, inventory or what is changed in it, what is to be said, how it is run. */
export type Case = readonly [
  string,
  Change | string,
  Wanted,
  (RunOptions & { readonly args?: readonly string[] })?,
];

/** A change for which nginx is to be built anew, and works. */
export const rebuilt: Change = (it) => {
  it.nginx.configure = ['--with-threads', ...lightNginx];
};
