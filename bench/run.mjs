// npm run bench [-- [--runs N] PART…]    parts: start, noop, change, fleet; the first three unless named
// Each part in labs of its own. Results go to bench/results/TIME.json, and from all of them docs/benchmarks.md is made.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { alternate } from './alternate.mjs';
import { fleet } from './fleet.mjs';

const root = join(import.meta.dirname, '..');
const bin = join(root, 'dist/bin.js');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '10' },
    hosts: { type: 'string', default: '2,10,50' },
    lab: { type: 'string' },
  },
});
const runs = Number(values.runs);
const parts = positionals.length > 0 ? positionals : ['start', 'noop', 'change'];

const all = {
  start() {
    const haup = (...args) => ({ argv: [process.execPath, bin, ...args], env: { HAUP_OVERLAY: '' } });
    return alternate(
      {
        'node -e 0': { argv: [process.execPath, '-e', '0'] },
        'haup --version': haup('--version'),
        'haup --help': haup('--help'),
        'haup render': haup('render', join(root, 'inventory.example.yaml')),
      },
      runs,
      { warmups: 2 },
    );
  },
  noop: () => inLab('noop'),
  change: () => inLab('change'),
  fleet: () => fleet(values.hosts.split(',').map(Number), runs),
};

/** A pair of hosts with the example applied, and python3 for those that need it. */
function inLab(part) {
  const lab = values.lab ?? `haup-bench-${process.pid}`;
  if (values.lab === undefined) haup('lab', 'up', '--name', lab, '--yes', '--for-pid', String(process.pid));
  try {
    const file = join(root, `node_modules/.bench-${process.pid}.json`);
    haup(
      'lab',
      'exec',
      '--name',
      lab,
      '--',
      process.execPath,
      join(import.meta.dirname, 'peers.mjs'),
      part,
      String(runs),
      file,
      packages(),
    );
    return JSON.parse(readFileSync(file, 'utf8'));
  } finally {
    if (values.lab === undefined) haup('lab', 'down', '--name', lab);
  }
}

/** A directory with Debian's packages of python3, which the hosts of a lab lack. */
function packages() {
  const directory = join(root, 'node_modules/.bench-python3');
  mkdirSync(directory, { recursive: true });
  const list = execFileSync(
    'apt-cache',
    [
      'depends',
      '--recurse',
      ...['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'].map((no) => `--no-${no}`),
      'python3',
    ],
    { encoding: 'utf8' },
  );
  const names = [...new Set(list.split('\n').filter((line) => /^[a-z]/.test(line)))];
  execFileSync('apt-get', ['-qq', 'download', ...names], {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  return directory;
}

function haup(...args) {
  const { status } = spawnSync(process.execPath, [bin, ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`haup ${args.slice(0, 2).join(' ')} ended with ${status}`);
}

function version(command, ...args) {
  const { stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return stdout?.split('\n')[0]?.trim() || null;
}

const at = new Date();
const before = loadavg()[0];
const results = {};
for (const part of parts) {
  process.stderr.write(`${part}\n`);
  results[part] = await all[part]();
}
const about = {
  at: at.toISOString(),
  commit: version('git', '-C', root, 'rev-parse', '--short', 'HEAD'),
  machine: {
    processors: `${cpus().length} × ${cpus()[0]?.model.trim()}`,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    ansible: version('ansible', '--version'),
    load: { before, after: loadavg()[0] },
  },
  parts: results,
};
const file = join(import.meta.dirname, 'results', `${at.toISOString().replaceAll(/[:-]|\.\d+/g, '')}.json`);
writeFileSync(file, `${JSON.stringify(about, null, 1)}\n`);
process.stderr.write(`${file}\n`);
execFileSync(process.execPath, [join(import.meta.dirname, 'table.mjs')], { stdio: 'inherit' });
