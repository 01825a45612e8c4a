// `npm run soak [-- TIMES]`: under load, every change of test/e2e/changes.test.ts TIMES times (10), the slow ones
// too, and haup killed at 50 moments (test/e2e/killed.test.ts). `npm run soak -- drills`: see soak-drills.mjs.
import { spawnSync } from 'node:child_process';
import { root, setup } from './setup.mjs';

if (process.argv[2] === 'drills') {
  const { soakDrills } = await import('./soak-drills.mjs');
  process.exit(soakDrills(process.argv.slice(3)));
}
const times = process.argv[2] ?? '10';
if (!/^[1-9]\d{0,3}$/.test(times)) {
  console.error(`${times} is not a number of times. npm run soak -- 10`);
  process.exit(2);
}
setup();
const { status } = spawnSync(
  'npx',
  ['vitest', 'run', '--project', 'e2e-own', 'test/e2e/changes.test.ts', 'test/e2e/killed.test.ts'],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, HAUP_SOAK: times },
  },
);
process.exit(status ?? 1);
