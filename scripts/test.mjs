// `npm test`: set-up, every static check, unit tests, and the product on real hosts. Ends with `N passed, N failed`.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { root, setup } from './setup.mjs';

const only = process.argv.slice(2);
const wanted = (name) => only.length === 0 || only.includes(name);
const scratch = mkdtempSync(join(tmpdir(), 'haup-test-'));
let passed = 0;
let failed = 0;
/** What failed, said again at the end: a log of fifteen minutes is often kept by its tail alone. */
const failures = [];

function step(name, command, args) {
  if (!wanted(name)) return;
  const started = Date.now();
  console.log(`\n── ${name}: ${command} ${args.join(' ')}`);
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  console.log(
    `── ${name} ${status === 0 ? 'passed' : 'FAILED'} in ${((Date.now() - started) / 1000).toFixed(1)} s`,
  );
  if (status === 0) passed += 1;
  else {
    failed += 1;
    failures.push(`${name}: ${command} ${args.join(' ')} ended with ${status}`);
  }
}

/** A stack trace without what the test runner adds of itself. */
const own = (message) =>
  message
    .split('\n')
    .filter((line) => !line.includes('/node_modules/'))
    .join('\n');

/** The failed tests of one file, and what it failed of itself when it did not load. */
function failuresOf(project, file) {
  const path = relative(root, file.name);
  const tests = file.assertionResults
    .filter(({ status }) => status === 'failed')
    .map(
      ({ fullName, failureMessages }) =>
        `${project}: ${path}: ${fullName}\n${failureMessages.map(own).join('\n')}`,
    );
  if (tests.length > 0 || file.status === 'passed') return tests;
  return [`${project}: ${path}\n${file.message}`];
}

/** Runs a project of vitest; with `aside` what it prints is held back until it has ended. */
async function vitest(name, { aside = false, workers = null } = {}) {
  const started = Date.now();
  const report = join(scratch, `${name}.json`);
  const args = ['vitest', 'run', '--project', name, ...(workers === null ? [] : [`--maxWorkers=${workers}`])];
  console.log(`\n── ${name}: ${args.join(' ')}`);
  const output = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const child = spawn('npx', [...args, ...output], {
    cwd: root,
    stdio: aside ? ['ignore', 'pipe', 'pipe'] : 'inherit',
  });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => said.push(chunk));
  const status = await new Promise((resolve) => child.on('close', resolve));
  if (aside) console.log(`\n── ${name}: what it printed\n${Buffer.concat(said)}`);
  if (!existsSync(report)) {
    failed += 1;
    failures.push(`${name}: vitest left no report`);
    console.log(`── ${name} FAILED: vitest left no report`);
    return;
  }
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  failures.push(...testResults.flatMap((file) => failuresOf(name, file)));
  passed += numPassedTests;
  // A file that does not load has no failed test, but is a failure; and no test is skipped in silence.
  const skipped = numPendingTests + numTodoTests;
  failed += numFailedTests + skipped;
  if (skipped > 0) failures.push(`${name}: ${skipped} skipped`);
  if (status !== 0 && numFailedTests === 0) {
    failed += 1;
    failures.push(`${name}: vitest ended with ${status}; what it said stands above`);
  }
  console.log(
    `── ${name}: ${numPassedTests} passed, ${numFailedTests} failed${skipped > 0 ? `, ${skipped} skipped (counted as failed)` : ''} in ${((Date.now() - started) / 1000).toFixed(1)} s`,
  );
}

/** The tests bring up a real sshd of their own; Debian's package has it, and must not start one for this machine. */
function installPrograms() {
  const programs = {
    '/usr/sbin/sshd': 'openssh-server',
    '/usr/bin/ssh': 'openssh-client',
    '/usr/bin/sudo': 'sudo',
    '/usr/bin/openssl': 'openssl',
    '/usr/bin/python3': 'python3-minimal',
    '/usr/sbin/ip': 'iproute2',
    '/usr/bin/busybox': 'busybox',
  };
  const missing = Object.entries(programs).flatMap(([path, name]) => (existsSync(path) ? [] : [name]));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    console.error(`The tests need root on Debian or Ubuntu, and these packages: ${missing.join(', ')}`);
    process.exit(2);
  }
  console.log(`── installing ${missing.join(', ')}, without starting a service`);
  const policy = '/usr/sbin/policy-rc.d';
  const own = !existsSync(policy);
  if (own) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    const get = (...args) =>
      spawnSync('apt-get', args, {
        stdio: 'inherit',
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      }).status;
    const install = ['install', '-y', '-q', '--no-install-recommends', ...missing];
    if (get(...install) !== 0 && (get('update', '-q') !== 0 || get(...install) !== 0)) process.exit(2);
  } finally {
    if (own) rmSync(policy);
  }
}

setup();
if (wanted('unit') || wanted('e2e')) installPrograms();
step('format', 'npx', ['biome', 'format', '.']);
step('lint', 'npx', ['oxlint', '--type-aware', '--deny-warnings', 'src', 'test']);
step('types', 'npx', ['tsc', '-p', 'test/tsconfig.json', '--noEmit']);
step('dead-code', 'npx', ['knip']);
// Much of it waits too; vitest's own measure is one worker less than there are cores.
if (wanted('unit')) await vitest('unit', { workers: 3 });
// Both wait most of the time: for timers, for daemons, for each other's drains.
if (wanted('e2e')) await Promise.all([vitest('e2e'), vitest('e2e-own', { aside: true })]);
rmSync(scratch, { recursive: true, force: true });
for (const failure of failures) console.log(`\n── FAILED ${failure}`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
