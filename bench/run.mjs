// npm run bench [-- [--runs N] [--hosts N,N…] [--out FILE] [--tools NAME,…] [--lab NAME] [PART…]]
// The parts are start, install, noop, change and fleet. Each makes the lab it needs, and removes it. Results go to
// bench/results/TIME.json, from which bench/table.mjs makes docs/benchmarks.md; or to FILE, and the page stays as it is.
// For work on the benchmarks themselves: --runs 0 has each tool of a pair work once, and measures nothing; --tools leaves the
// others out; --lab takes a lab that is up, for noop and change.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { alternate } from './alternate.mjs';
import { fleet } from './fleet.mjs';
import { bin, example } from './pair.mjs';
import { peers } from './peers.mjs';

const root = join(import.meta.dirname, '..');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '10' },
    hosts: { type: 'string', default: '2,10,50,200' },
    lab: { type: 'string' },
    out: { type: 'string' },
    tools: { type: 'string' },
  },
});
const runs = Number(values.runs);
const only = values.tools?.split(',');

const all = {
  start() {
    const cache = mkdtempSync(join(tmpdir(), 'haup-start-'));
    process.on('exit', () => rmSync(cache, { recursive: true, force: true }));
    const haup = (...args) => ({
      argv: [process.execPath, bin, ...args],
      env: { HAUP_OVERLAY: '', XDG_CACHE_HOME: cache },
    });
    return alternate(
      {
        'node -e 0': { argv: [process.execPath, '-e', '0'] },
        'haup --version': haup('--version'),
        'haup --help': haup('--help'),
        'haup render': haup('render', example),
      },
      runs,
      { warmups: 2 },
    );
  },
  install: () => peers('install', runs, { only }),
  noop: () => peers('noop', runs, { only, lab: values.lab }),
  change: () => peers('change', runs, { only, lab: values.lab }),
  fleet: () => fleet(values.hosts.split(',').map(Number), runs),
};
const parts = positionals.length > 0 ? positionals : Object.keys(all);
const unknown = parts.filter((part) => all[part] === undefined);
if (unknown.length > 0 || !(runs >= 0)) {
  process.stderr.write(
    `Usage: npm run bench [-- [--runs N] [PART…]]; the parts are ${Object.keys(all).join(', ')}.\n`,
  );
  process.exit(2);
}
// What labs and directories are left is removed as the process exits.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));

function version(command, ...args) {
  const { stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return stdout?.split('\n')[0]?.trim() || null;
}

const at = new Date();
const name = `${at.toISOString().replaceAll(/[:-]|\.\d+/g, '')}.json`;
const file = values.out ?? join(import.meta.dirname, 'results', name);
const before = loadavg()[0];
const results = {};
for (const part of parts) {
  process.stderr.write(`${part}\n`);
  results[part] = await all[part]();
  // After each part: one that fails takes none of the others with it.
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
  writeFileSync(file, `${JSON.stringify(about, null, 1)}\n`);
}
process.stderr.write(`${file}\n`);
if (values.out === undefined)
  execFileSync(process.execPath, [join(import.meta.dirname, 'table.mjs')], { stdio: 'inherit' });
