/** $XDG_STATE_HOME/haup/verify.jsonl: one line a run of haup verify, the newest last; for the operator alone. */

import { constants } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { writeWhole } from '../base/own-file.ts';
import type { Inventory } from '../model/domain.ts';
import type { DrillReport, VerifyReport } from '../model/report.ts';
import type { DrillFigures, VerifyRun } from '../model/verify-history.ts';
import { printJson } from '../report/json.ts';
import type { Context } from './command-context.ts';

/** Some 2,000 runs of two drills. Beyond it the older half goes. */
const mostBytes = 1_000_000;

export const historyPath = ({ env, home }: Pick<Context, 'env' | 'home'>): string =>
  join(env['XDG_STATE_HOME'] || join(home, '.local/state'), 'haup/verify.jsonl');

/** Drills that did not take place measured nothing, and are left out. */
export function verifyRun(inventory: Inventory, report: VerifyReport, at: string, haup: string): VerifyRun {
  return {
    version: 1,
    at,
    haup,
    inventory: inventory.file,
    cluster: clusterDigest(inventory),
    ok: report.ok,
    drills: report.vips.flatMap(({ address, drills }) =>
      drills.filter(({ timeline }) => timeline.length > 0).map((drill) => figuresOf(address, drill)),
    ),
  };
}

const kept = [
  'drill',
  'from',
  'ok',
  'outageMs',
  'boundMs',
  'allowanceMs',
  'lost',
  'retried',
  'total',
  'detectionMs',
  'takeoverMs',
  'connections',
] as const satisfies readonly (keyof DrillFigures & keyof DrillReport)[];

/** What was not measured is left out. */
const figuresOf = (vip: string, drill: DrillReport): DrillFigures => {
  const figures = kept.flatMap((key) => ((drill[key] ?? null) === null ? [] : [[key, drill[key]] as const]));
  return { vip, ...(Object.fromEntries(figures) as Omit<DrillFigures, 'vip'>) };
};

/** The same wherever the file lies: a CI job checks it out in another directory each time. */
function clusterDigest({ hosts, vips }: Inventory): string {
  const names = {
    hosts: hosts.map(({ name, address, ssh }) => [name, address, ssh.port]),
    vips: vips.map(({ address, members }) => [address.address, members.map(({ host }) => host)]),
  };
  const hash = createHash('sha256');
  printJson((text) => void hash.update(text), names, 'line');
  return hash.digest('hex').slice(0, 16);
}

/** Oldest first. A line that is no run, as one that a full disk cut off, is passed over. */
export async function readRuns(path: string): Promise<readonly VerifyRun[]> {
  return (await textOf(path)).split('\n').flatMap(parsed);
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, { encoding: 'utf8', flag: constants.O_RDONLY | constants.O_NOFOLLOW });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function parsed(line: string): readonly VerifyRun[] {
  try {
    const run = JSON.parse(line) as Partial<VerifyRun> | null;
    return run?.version === 1 &&
      typeof run.cluster === 'string' &&
      Array.isArray(run.drills) &&
      run.drills.every(isFigures)
      ? [run as VerifyRun]
      : [];
  } catch {
    return [];
  }
}

function isFigures(value: unknown): boolean {
  const figures = value as Readonly<Record<string, unknown>> | null;
  return (
    typeof figures?.['vip'] === 'string' &&
    typeof figures['drill'] === 'string' &&
    Number.isFinite(figures['outageMs']) &&
    Number.isFinite(figures['boundMs'])
  );
}

/** One write, so that two runs at once do not mix their lines. */
export async function appendRun(path: string, run: VerifyRun): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
  const file = await open(path, flags, 0o600);
  let line = '';
  printJson((text) => (line += text), run, 'line');
  let size: number;
  try {
    await file.writeFile(line);
    ({ size } = await file.stat());
  } finally {
    await file.close();
  }
  if (size <= mostBytes) return;
  const lines = (await textOf(path)).split('\n');
  await writeWhole(path, lines.slice(Math.floor(lines.length / 2)).join('\n'));
}
