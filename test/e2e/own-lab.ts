/** A lab of a test file's own, for what would spoil the one that the others share, and changes under load. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect } from 'vitest';
import { parse } from 'yaml';
import { defaultRoots, type LabFault, labPaths } from '../../src/lab/names.ts';
import { hangMs } from '../limits.ts';
import { figure, haup, inLab, loginsLast, root, type Run, type RunOptions } from './haup.ts';
import { upInstalled } from './installed.ts';
import { expectServed, probed, type Seen } from './probing.ts';

const vips: readonly string[] = ['192.168.160.161', '192.168.160.162'];

/** `npm run soak`: each change so many times, and the slow ones too; 0: an ordinary run. */
export const soak: number = Number(process.env['HAUP_SOAK'] ?? '0');

/** The parts of an inventory as written that these tests change. */
export interface Written {
  hosts: Record<string, object>;
  vips: Record<string, unknown>[];
  vrrp: Record<string, unknown> & { check?: Record<string, unknown> };
  keepalived: Record<string, unknown> & { configure: string[] };
  nginx: Record<string, unknown> & { configure: string[] };
  hooks?: Record<string, unknown>;
  [key: string]: unknown;
}
export type Edit = (it: Written) => void;

/** Adverts ten times as fast, for what takes several moves. */
export const fast: Edit = (it) => {
  it.vrrp = { version: 3, advert_int: 0.1, check: { interval: 1 } };
};
export const keepalivedOption: Edit = (it) => {
  it.keepalived.configure = [...it.keepalived.configure, '--disable-lvs'];
};
/**
 * How long an open connection lives on when a VIP moves: in ownLab, but for tests of that. A request that is under way in
 * the instant of a move stays half open on the old holder, and a move then takes the whole of it.
 */
export const graceSeconds = 10;
export const nginxOption: Edit = (it) => {
  it.nginx.configure = [...it.nginx.configure, '--without-http_autoindex_module'];
};

/** What all clients saw together. */
export interface Load extends Omit<Seen, 'story'> {
  /** Of the work itself. */
  readonly ms: number;
}

export interface OwnLab {
  readonly lab: string;
  /** A directory that goes with the tests. */
  readonly scratch: string;
  /** The example as the lab applies it, with something changed, as a file of its own. */
  readonly inventory: (...edits: readonly Edit[]) => string;
  readonly inLab: (args: readonly string[], options?: RunOptions) => Promise<Run>;
  /** The same; throws with everything it said when it does not end with 0. */
  readonly well: (args: readonly string[], options?: RunOptions) => Promise<Run>;
  readonly apply: (path: string, options?: RunOptions) => Promise<Run>;
  /** Exit code of `haup plan`. */
  readonly pending: (path: string) => Promise<number>;
  /** Runs something while each VIP is asked 200 times a second. */
  readonly underLoad: (what: string, work: () => Promise<unknown>) => Promise<Load>;
  /** The same, and expects that no request goes without an answer. */
  readonly withoutLoss: (what: string, work: () => Promise<unknown>) => Promise<Load>;
  readonly fault: (host: string, what: LabFault) => Promise<Run>;
}

export interface OwnLabOptions {
  /** False: the hosts begin bare, for tests of what installs them. Else the example is applied already. */
  readonly installed?: boolean;
  /** The lab is made for the example with this changed: more hosts, say. */
  readonly edit?: Edit;
}

/** Makes the lab before the tests of a file, and takes it down after them. */
export function ownLab(lab: string, { installed = true, edit: change }: OwnLabOptions = {}): OwnLab {
  const scratch = mkdtempSync(join(tmpdir(), `${lab}-`));
  let files = 0;

  beforeAll(async () => {
    const forPid = ['--for-pid', String(process.pid)];
    const it = parse(readFileSync(join(root, 'inventory.example.yaml'), 'utf8')) as Written;
    change?.(it);
    const path = join(scratch, 'lab.yaml');
    writeFileSync(path, JSON.stringify(it));
    if (installed) return upInstalled(lab, forPid, path);
    const up = await haup(['lab', 'up', path, '--name', lab, '--yes', ...forPid], {
      limitMs: hangMs(200_000),
    });
    if (up.code !== 0) throw new Error(`The lab does not start.\n${up.stdout}${up.stderr}`);
    await loginsLast(lab, Object.keys(it.hosts));
  });
  afterAll(async () => {
    await haup(['lab', 'down', '--name', lab]);
    rmSync(scratch, { recursive: true });
  });

  const inventory = (...edits: readonly Edit[]): string => {
    const it = parse(readFileSync(join(root, 'inventory.example.yaml'), 'utf8')) as Written;
    const overlay = parse(readFileSync(labPaths(defaultRoots, lab).overlay, 'utf8')) as Written;
    for (const service of ['keepalived', 'nginx'] as const) Object.assign(it[service], overlay[service]);
    it['grace'] = graceSeconds;
    for (const edit of edits) edit(it);
    const path = join(scratch, `${(files += 1)}.yaml`);
    writeFileSync(path, JSON.stringify(it));
    return path;
  };
  const run = (args: readonly string[], options: RunOptions = {}): Promise<Run> =>
    inLab(lab, args, { ...options, inside: { HAUP_OVERLAY: '', ...options.inside } });
  const well = async (args: readonly string[], options?: RunOptions): Promise<Run> => {
    const ran = await run(args, options);
    if (ran.code !== 0)
      throw new Error(`${args.join(' ')} ended with ${ran.code}\n${ran.stdout}${ran.stderr}`);
    return ran;
  };

  const underLoad = async (what: string, work: () => Promise<unknown>): Promise<Load> => {
    let ms = 0;
    const seen = await probed(
      vips,
      async () => {
        const started = performance.now();
        await work();
        ms = performance.now() - started;
        // What a reload breaks may show a moment later.
        await sleep(300);
      },
      undefined,
      lab,
    );
    const all = Object.values(seen);
    const sum = (of: (one: Seen) => number): number => all.reduce((now, one) => now + of(one), 0);
    const load = {
      lost: sum(({ lost }) => lost),
      total: sum(({ total }) => total),
      retried: sum(({ retried }) => retried),
      never: sum(({ never }) => never),
      longestGapMs: Math.max(...all.map(({ longestGapMs }) => longestGapMs)),
      stalledMs: Math.max(...all.map(({ stalledMs }) => stalledMs)),
      ms,
    };
    figure(
      `${what}: ${load.lost} of ${load.total} lost, ${load.retried} of them retried, longest gap ${load.longestGapMs.toFixed(0)} ms, stalled ${load.stalledMs.toFixed(0)} ms, in ${(ms / 1000).toFixed(1)} s`,
    );
    if (load.lost > 0) {
      for (const [vip, { story }] of Object.entries(seen)) figure(`${vip}: ${story.join('; ')}`);
    }
    expect(all.every(({ total }) => total > 200)).toBe(true);
    return load;
  };

  return {
    lab,
    scratch,
    inventory,
    inLab: run,
    well,
    apply: (path, options) => well(['apply', path, '--yes'], options),
    pending: async (path) => (await run(['plan', path])).code,
    underLoad,
    withoutLoss: async (what, work) => {
      const seen = await underLoad(what, work);
      expectServed(seen);
      return seen;
    },
    fault: (host, what) => haup(['lab', 'fault', '--name', lab, host, what]),
  };
}
