// `npm test`: set-up, every static check, unit tests, and the product on real hosts; `npm test -- all`: with every file of
// these tests. Ends with `N passed, N failed`.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { e2eFiles, inLanes, quickPattern, quickTests, rememberTimes } from './lanes.mjs';
import { patience } from './patience.mjs';
import { root, setup } from './setup.mjs';
import { count, judge, toRunAgain } from './summary.mjs';

const only = process.argv.slice(2);
const all = only.includes('all');
const wanted = (name) => only.length === 0 || all || only.includes(name);
/** For the loop of work: everything but most of the tests on real hosts. */
const quick = only.includes('quick');
const scratch = mkdtempSync(join(tmpdir(), 'haup-test-'));
/** Logs of the hosts and of haup, of the tests that failed: those of the last run. */
const mark = createHash('sha256').update(root).digest('hex').slice(0, 4);
const logs = process.env.HAUP_TEST_LOGS ?? join(tmpdir(), `haup-test-${mark}-logs`);
/** Of every static check and every file of tests. */
let judged = [];
const began = Date.now();
/** No part begins later than this many minutes after the first: for a machine that ends us when its time is over. */
const minutes = Number(process.env.HAUP_TEST_MINUTES ?? Number.POSITIVE_INFINITY);
if (!(minutes >= 0)) {
  console.error(`HAUP_TEST_MINUTES is ${process.env.HAUP_TEST_MINUTES}, which is no number of minutes.`);
  process.exit(2);
}
const inTime = () => Date.now() - began < minutes * 60_000;
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

/** A static check; all of them run at the same time, and what each prints is held back until it has ended. */
async function step(name, command, args) {
  if (!quick && !wanted(name)) return;
  const started = Date.now();
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(chunk));
  const status = await new Promise((resolve) => child.on('close', resolve));
  console.log(`\n── ${name}: ${command} ${args.join(' ')}\n${Buffer.concat(said)}`.trimEnd());
  console.log(`── ${name} ${status === 0 ? 'passed' : 'FAILED'} in ${seconds(started)}`);
  judged.push(
    status === 0
      ? { file: null, passed: 1, failed: 0, failures: [] }
      : broken(`${name}: ${command} ${args.join(' ')} ended with ${status}`),
  );
}

const broken = (failure) => ({ file: null, passed: 0, failed: 1, failures: [failure] });

/**
 * Runs a project of vitest, or some of its files; what it prints is held back until it has ended. Returns what became of
 * each file.
 * @param pattern which tests, by their names; null: all
 */
async function vitest(name, project, { files = [], pattern = null, workers = null, measures = false } = {}) {
  const started = Date.now();
  const report = join(scratch, `${name}.json`);
  const args = ['run', '--project', project, ...files];
  if (pattern !== null) args.push('-t', pattern);
  if (workers !== null) args.push(`--maxWorkers=${workers}`);
  console.log(`\n── ${name}: vitest ${args.join(' ')}`);
  // Where outages are timed, the hosts of a lab stand for machines that have their processors to themselves. And all
  // ends with us, however that ends: vitest, and its labs with it.
  const command = [
    '--pdeathsig',
    'KILL',
    process.execPath,
    join(root, 'node_modules/vitest/vitest.mjs'),
    ...args,
  ];
  const output = ['--reporter=default', `--reporter=${join(root, 'scripts/report.mjs')}`];
  const child = spawn(
    'nice',
    [...(measures ? ['-n', '-5'] : ['-n', '0']), 'setpriv', ...command, ...output],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        HAUP_TEST_REPORT: report,
        HAUP_TEST_ALL: all ? '1' : '',
        HAUP_TEST_MAIN: name.slice(0, 16),
        HAUP_TEST_LOGS: logs,
      },
    },
  );
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(chunk));
  const status = await new Promise((resolve) => child.on('close', resolve));
  console.log(`\n── ${name}: what it printed\n${Buffer.concat(said)}`);
  if (!existsSync(report))
    return [broken(`${name}: vitest ended with ${status} and left no report; what it said stands above`)];
  const results = judge(project, JSON.parse(readFileSync(report, 'utf8')), { filtered: pattern !== null });
  const counted = count(results);
  console.log(`── ${name}: ${counted.passed} passed, ${counted.failed} failed in ${seconds(started)}`);
  return status !== 0 && counted.failed === 0
    ? [...results, broken(`${name}: vitest ended with ${status}; what it said stands above`)]
    : results;
}

/**
 * Runs again, alone, the one or two files in which something failed beside the others. What passes then was no defect
 * of haup's that shows every time, but may be one that shows at times: it is named at the end, with what it said.
 */
async function runAgain() {
  const named = [];
  for (const first of toRunAgain(judged)) {
    if (!inTime()) break;
    const name = `${basename(first.file, '.test.ts')}-again`;
    const measures = e2eFiles().some(({ file, measures }) => file === first.file && measures);
    const second = await vitest(name, first.project, { files: [first.file], measures });
    judged = [...judged.filter((one) => one !== first), ...second];
    if (count(second).failed === 0) named.push(...first.failures);
  }
  return named;
}

/** The tests bring up a real sshd of their own; Debian's package has it, and must not start one for this machine. */
function installPrograms() {
  const programs = {
    '/usr/sbin/sshd': 'openssh-server',
    '/usr/bin/ssh': 'openssh-client',
    '/usr/bin/sudo': 'sudo',
    '/usr/bin/openssl': 'openssl',
    '/usr/bin/python3': 'python3',
    '/usr/sbin/ip': 'iproute2',
    '/usr/bin/setpriv': 'util-linux',
    '/usr/bin/busybox': 'busybox',
    '/usr/bin/dash': 'dash',
    '/usr/bin/bash': 'bash',
    '/usr/bin/shellcheck': 'shellcheck',
    '/usr/bin/chromium': 'chromium',
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

/**
 * Beside each other, since they wait most of the time; unit tests are among them as what takes all cores. Returns the
 * names of the parts for which there was no time.
 */
async function inVitest() {
  const unit = {
    name: 'unit',
    builds: true,
    measures: false,
    waits: false,
    run: () => vitest('unit', 'unit', { workers: 3 }),
  };
  const e2e = e2eFiles().map((one) => ({
    ...one,
    run: () => vitest(one.name, one.project, { files: [one.file], measures: one.measures }),
  }));
  const jobs = [
    ...(quick || wanted('unit') ? [unit] : []),
    ...(quick ? e2e.flatMap(quickly) : e2e.filter((one) => !left(one))),
  ];
  const taken = {};
  const late = await inLanes(
    jobs,
    async ({ name, file, run }) => {
      const started = Date.now();
      judged.push(...(await run()));
      if (file !== undefined && !quick) taken[`${name}.test.ts`] = Math.round((Date.now() - started) / 1000);
    },
    { mayBegin: inTime },
  );
  rememberTimes(taken);
  judged.push(
    ...late
      .filter((job) => !job.all)
      .map(({ name }) => broken(`${name}: not begun within ${minutes} minutes, and belongs to npm test`)),
  );
  return late.map(({ name }) => name);
}

/** Not asked for. */
const left = (file) =>
  only.length === 0 ? file.all : !all && !only.includes('e2e') && !only.includes(file.name);

const quickly = (job) =>
  job.name in quickTests
    ? [
        {
          ...job,
          run: () =>
            vitest(job.name, job.project, {
              files: [job.file],
              pattern: quickPattern(quickTests[job.name]),
              measures: job.measures,
            }),
        },
      ]
    : [];

const statics = ['format', 'lint', 'types', 'dead-code'];
const parts = [...statics, 'unit', 'e2e', 'quick', 'all', ...e2eFiles().map(({ name }) => name)];
const unknown = only.filter((name) => !parts.includes(name));
if (unknown.length > 0) {
  console.error(`No part of the tests is called ${unknown.join(', ')}. There are: ${parts.join(', ')}.`);
  process.exit(2);
}

setup();
if (!(only.length > 0 && only.every((name) => statics.includes(name)))) installPrograms();
rmSync(logs, { recursive: true, force: true });
console.log(
  `── limits are for what hangs: ${patience()} times those of a quick and quiet machine (load ${loadavg()[0].toFixed(1)})`,
);
await Promise.all([
  step('lint', 'npx', ['oxlint', '--type-aware', '--deny-warnings', 'src', 'test']),
  step('types', 'npx', ['tsc', '-p', 'tsconfig.json']),
  step('dead-code', 'npx', ['knip']),
  step('format', 'npx', ['biome', 'format', '.']),
]);
const late = await inVitest();
const passedAgain = only.length === 0 || all ? await runAgain() : [];
rmSync(scratch, { recursive: true, force: true });
for (const failure of judged.flatMap(({ failures }) => failures)) console.log(`\n── FAILED ${failure}`);
for (const failure of passedAgain) console.log(`\n── FAILED BESIDE OTHERS, passed alone: ${failure}`);
if (only.length === 0) {
  const names = e2eFiles().flatMap((file) => (left(file) ? [file.name] : []));
  console.log(`\n── left for \`npm test -- all\`: ${names.join(', ')}, host scripts in bash and busybox sh`);
}
if (late.length > 0)
  console.log(`\n── NOT RUN, as ${minutes} minutes were over (npm test -- ${late.join(' ')} runs them)`);
console.log(`\n── it took ${seconds(began)}`);
const { passed, failed } = count(judged);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
