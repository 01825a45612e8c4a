// `npm test`: set-up, every static check, unit tests, and the product on real hosts. Ends with `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, setup } from './setup.mjs';

const only = process.argv.slice(2);
const wanted = (name) => only.length === 0 || only.includes(name);
const scratch = mkdtempSync(join(tmpdir(), 'haup-test-'));
let passed = 0;
let failed = 0;

function step(name, command, args) {
  if (!wanted(name)) return;
  const started = Date.now();
  console.log(`\n── ${name}: ${command} ${args.join(' ')}`);
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  console.log(
    `── ${name} ${status === 0 ? 'passed' : 'FAILED'} in ${((Date.now() - started) / 1000).toFixed(1)} s`,
  );
  if (status === 0) passed += 1;
  else failed += 1;
}

function vitest(name, args) {
  if (!wanted(name)) return;
  const started = Date.now();
  const report = join(scratch, `${name}.json`);
  console.log(`\n── ${name}: vitest run ${args.join(' ')}`);
  const { status } = spawnSync(
    'npx',
    ['vitest', 'run', ...args, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    {
      cwd: root,
      stdio: 'inherit',
    },
  );
  if (!existsSync(report)) {
    failed += 1;
    console.log(`── ${name} FAILED: vitest left no report`);
    return;
  }
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  passed += numPassedTests;
  // A file that does not load has no failed test, but is a failure; and no test is skipped in silence.
  const skipped = numPendingTests + numTodoTests;
  failed += numFailedTests + skipped + (status !== 0 && numFailedTests === 0 ? 1 : 0);
  console.log(
    `── ${name}: ${numPassedTests} passed, ${numFailedTests} failed${skipped > 0 ? `, ${skipped} skipped (counted as failed)` : ''} in ${((Date.now() - started) / 1000).toFixed(1)} s`,
  );
}

setup();
step('format', 'npx', ['biome', 'format', '.']);
step('lint', 'npx', ['oxlint', '--type-aware', '--deny-warnings', 'src', 'test']);
step('types', 'npx', ['tsc', '-p', 'test/tsconfig.json', '--noEmit']);
step('dead-code', 'npx', ['knip']);
vitest('unit', ['--project', 'unit']);
vitest('e2e', ['--project', 'e2e']);
rmSync(scratch, { recursive: true, force: true });
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
