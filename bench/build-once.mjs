// bench/build-once: four bare hosts of one platform beside a single one, in one run.
//   haup lab exec -- node bench/build-once.mjs ONE FOUR,OF,THE,OTHERS     with an inventory of bare hosts
// Both applies compile, side by side, so that whatever else this machine does slows both; prints their ratio.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const [one, four] = process.argv.slice(2);
const inventory = process.env.HAUP_INVENTORY ?? 'inventory.example.yaml';
if (four === undefined) throw new Error('Usage: node bench/build-once.mjs HOST HOST,HOST,…');
const bin = join(import.meta.dirname, '../dist/bin.js');

async function apply(hosts) {
  const started = performance.now();
  const args = [bin, 'apply', inventory, '--yes', '--limit', hosts, '--no-cached-builds'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const status = await new Promise((resolve) => child.on('close', resolve));
  if (status !== 0) throw new Error(`apply of ${hosts} ended with ${status}`);
  return performance.now() - started;
}

const [single, together] = await Promise.all([apply(one), apply(four)]);
console.log(`one    ${(single / 1000).toFixed(1)} s`);
console.log(`four   ${(together / 1000).toFixed(1)} s`);
console.log(`ratio  ${(together / single).toFixed(2)} (bound 1.40)`);
process.exit(together / single <= 1.4 ? 0 : 1);
