// bench/noop: an apply that changes nothing, beside the least that two SSH connections take, in one run.
//   haup lab exec -- node bench/noop.mjs [runs]
// Both are whole processes, run in turn; prints the medians and their ratio.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const runs = Number(process.argv[2] ?? 15);
const inventory = process.env.HAUP_INVENTORY ?? 'inventory.example.yaml';
const hosts = (process.env.HAUP_BENCH_HOSTS ?? 'keep_136 keep_137').split(' ');
const commands = {
  bare: [join(here, 'noop-bare.mjs'), ...hosts],
  apply: [join(here, '../dist/bin.js'), 'apply', inventory, '--yes'],
};
const times = { bare: [], apply: [] };
for (let run = 0; run <= runs; run += 1) {
  for (const [name, args] of Object.entries(commands)) {
    const started = process.hrtime.bigint();
    const { status, stderr, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${name} ended with ${status}\n${stdout}${stderr}`);
    if (name === 'apply' && !stdout.includes('Nothing to do'))
      throw new Error(`apply had something to do\n${stdout}`);
    // The first round warms the page cache and is not counted.
    if (run > 0) times[name].push(Number(process.hrtime.bigint() - started) / 1e6);
  }
}
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const [bare, apply] = [median(times.bare), median(times.apply)];
const pairs = times.apply.map((ms, index) => ms / times.bare[index]);
console.log(
  `bare   ${bare.toFixed(0)} ms (node-ssh, ${hosts.length} connections, one command each; median of ${runs})`,
);
console.log(`apply  ${apply.toFixed(0)} ms (nothing to do)`);
console.log(
  `ratio  ${(apply / bare).toFixed(2)} of the medians, ${median(pairs).toFixed(2)} median of the pairs (bound 2.00)`,
);
process.exit(apply / bare <= 2 ? 0 : 1);
