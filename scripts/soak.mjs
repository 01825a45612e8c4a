// `npm run soak [-- TIMES]`: under load, every change of test/e2e/changes.test.ts and slow-changes.test.ts TIMES
// times (10), and haup killed at 50 moments (test/e2e/killed.test.ts). `npm run soak -- drills`: see soak-drills.mjs.
// `npm run soak -- connections [TIMES] [-t TEST]`: TIMES times (10) every move and change under 200 keep-alive clients, transfers
// of 30 s and WebSockets, once with 1,000 connections, 100 reloads, and haup killed at ten moments of a grace.
import { spawnSync } from 'node:child_process';
import { root, setup } from './setup.mjs';

if (process.argv[2] === 'drills') {
  const { soakDrills } = await import('./soak-drills.mjs');
  process.exit(soakDrills(process.argv.slice(3)));
}
const connections = process.argv[2] === 'connections';
const [times = '10', ...more] = process.argv.slice(connections ? 3 : 2);
if (!/^[1-9]\d{0,3}$/.test(times)) {
  console.error(`${times} is not a number of times. npm run soak -- ${connections ? 'connections ' : ''}10`);
  process.exit(2);
}
const files = connections
  ? ['grace', 'grace-rivals', 'change-graces', 'killed-graces']
  : ['changes', 'slow-changes', 'killed'];
const paths = files.map((name) => `test/e2e/${name}.test.ts`);
setup();
const { status } = spawnSync('npx', ['vitest', 'run', '--project', 'e2e-own', ...paths, ...more], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, HAUP_SOAK: times },
});
process.exit(status ?? 1);
