/**
 * For each file of tests. Before: the lab that it shares is there. After a test that failed: what the hosts of its labs
 * and haup itself have logged is kept, before the labs go.
 */

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, inject } from 'vitest';
import { defaultRoots, hostPaths, labPaths } from '../../src/lab/names.ts';
import { run } from '../../src/lab/process.ts';
import { firstProcess, labProcesses } from '../../src/lab/process-table.ts';
import { readSpec } from '../../src/lab/lab-state.ts';
import { testLab } from './haup.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** Directory of the logs that were kept for this test. */
    logs?: string;
  }
}

/** `npm test` empties it when it begins. */
const kept = process.env['HAUP_TEST_LOGS'] ?? join(tmpdir(), testLab('logs'));
const [mostDirectories, mostBytes] = [30, 1 << 20];

/** haup's own logs of this file alone, and none in the home of whoever runs the tests. */
const state = mkdtempSync(join(tmpdir(), 'haup-state-'));
process.env['XDG_STATE_HOME'] = state;
afterAll(() => rmSync(state, { recursive: true, force: true }));

// vitest has been killed: this process of its would go on, and its labs with it.
process.once('disconnect', () => process.exit(1));

beforeAll(() => {
  const noLab = inject('noLab');
  if (typeof noLab === 'string') throw new Error(noLab);
});

afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  const file = task.file.name.replace(/^.*\/|\.test\.ts$/g, '');
  const name = `${file}-${task.name.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 60)}`;
  const directory = join(kept, name);
  if (existsSync(kept) && readdirSync(kept).length >= mostDirectories) return;
  mkdirSync(directory, { recursive: true });
  task.meta.logs = directory;
  for (const lab of labsOfThisRun()) await keepLab(lab, directory);
  keepOwn(directory);
});

/** Labs whose keeper waits for this process, or for the one that started it: it makes the lab that is shared. */
function labsOfThisRun(): readonly string[] {
  const keepers = [process.pid, process.ppid].map((pid) => `keeper.sh.${pid}`);
  return readdirSync(defaultRoots.labs, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .filter((name) => keepers.some((keeper) => existsSync(join(labPaths(defaultRoots, name).dir, keeper))));
}

/** The journals out of the hosts' own file systems: a host that is cut off or hangs has one, too. */
async function keepLab(lab: string, directory: string): Promise<void> {
  const paths = labPaths(defaultRoots, lab);
  const processes = await labProcesses(lab);
  for (const { name } of (await readSpec(paths))?.hosts ?? []) {
    const first = await firstProcess(processes, name);
    const journal = `/proc/${first}/root/run/log/journal`;
    const said =
      first === null
        ? tail(hostPaths(paths, name).console)
        : (
            await run('journalctl', [
              '--quiet',
              '--no-pager',
              '-o',
              'short-precise',
              '-D',
              journal,
              '-n',
              '4000',
            ])
          ).stdout;
    writeFileSync(join(directory, `${lab}.${name}.log`), said.slice(-mostBytes));
  }
}

/** The last of what haup has logged. */
function keepOwn(directory: string): void {
  const logs = join(state, 'haup');
  if (!existsSync(logs)) return;
  const recent = readdirSync(logs)
    .filter((name) => name.endsWith('.log'))
    .toSorted()
    .slice(-20);
  for (const name of recent) {
    if (statSync(join(logs, name)).size > mostBytes)
      writeFileSync(join(directory, name), tail(join(logs, name)));
    else copyFileSync(join(logs, name), join(directory, name));
  }
}

const tail = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8').slice(-mostBytes) : '');
