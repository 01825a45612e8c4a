import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sshArgs } from '../../src/lab/lab-hosts.ts';
import { defaultRoots, labPaths, switchNamespace } from '../../src/lab/names.ts';
import { hangMs } from '../limits.ts';
import { onHostArguments } from './enter-host.ts';

export const root: string = join(import.meta.dirname, '../..');
const bin = join(root, 'dist/bin.js');

/** Name of a lab of these tests; each checkout has its own, so that two can run their tests side by side. */
export const testLab = (what: string): string =>
  `haup-test-${createHash('sha256').update(root).digest('hex').slice(0, 4)}-${what}`;

/**
 * The lab that global-setup.ts makes, with the example applied; every test leaves it as it found it.
 * HAUP_TEST_LAB names one that is there already: then none is made and none is taken down.
 */
export const givenLab: string | undefined = process.env['HAUP_TEST_LAB'];
export const mainLab: string = givenLab ?? testLab(process.env['HAUP_TEST_MAIN'] ?? 'main');

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Called with the running process, for tests that interrupt it. */
  readonly during?: (pid: number) => void;
  /** Called with every piece of stderr, for tests that wait for a moment. */
  readonly onStderr?: (text: string, pid: number) => void;
  readonly onStdout?: (text: string) => void;
  /** Variables that are set inside the lab, over what `haup lab exec` sets. */
  readonly inside?: Readonly<Record<string, string>>;
  readonly limitMs?: number;
}

/** Runs haup itself as a process of its own. */
export function haup(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const [command, ...rest] = [...(boots(args) ? hostsFirst : []), process.execPath, bin, ...args];
  return runProcess(command ?? '', rest, options);
}

/**
 * The daemons of a lab stand for those of machines of their own: they come before haup, and before whatever else of the
 * tests runs on the same processors. What is done on a host by a login does not (`loginsLast`).
 */
const hostsFirst = ['nice', '-n', '-5'];
const boots = ([first, second]: readonly string[]): boolean =>
  first === 'lab' && (second === 'up' || second === 'fault');

/**
 * Runs haup inside a lab, as `haup lab exec` does, whose own tests are in lab.test.ts: here a second start of node for
 * each of hundreds of commands is spared.
 */
export function inLab(lab: string, args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const [command = '', ...rest] = inLabArguments(lab, args, options.inside);
  return runProcess(command, rest, options);
}

/** The same as a command line. */
export function inLabArguments(
  lab: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): readonly string[] {
  const paths = labPaths(defaultRoots, lab);
  const inside = {
    HAUP_LAB: lab,
    HAUP_SSH_CONFIG: paths.sshConfig,
    HAUP_OVERLAY: paths.overlay,
    ...variables,
  };
  const words = Object.entries(inside).map(([name, value]) => `${name}=${value}`);
  // Nothing in a lab is asked over the Internet's TLS, and Node reads these certificates at each start.
  const without = ['-u', 'NODE_EXTRA_CA_CERTS'];
  return ['nsenter', ...within(lab), 'env', ...without, ...words, process.execPath, bin, ...args];
}

/** For nsenter: a command in the network of a lab. */
export const within = (lab: string): readonly string[] => [`--net=/run/netns/${switchNamespace(lab)}`, '--'];

/** Runs a command as root on a host of a lab; rejects when it fails. */
export async function onHost(lab: string, host: string, command: string): Promise<string> {
  return said(host, command, await onHostArguments(lab, host, command), { during: keepGoing });
}

/**
 * A host that shuts down stops all its processes before it ends them. nsenter then stops too, until it is told to go on,
 * and the host waits for it.
 */
function keepGoing(pid: number): void {
  const timer = setInterval(() => {
    try {
      const [, state] = /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
      if (state === 'T') process.kill(pid, 'SIGCONT');
    } catch {
      clearInterval(timer);
    }
  }, 500);
  timer.unref();
}

/** The same by a login over the lab's network. */
export async function bySsh(lab: string, host: string, command: string): Promise<string> {
  const ssh = ['ssh', ...sshArgs(labPaths(defaultRoots, lab), host), command];
  return said(host, command, ['nsenter', ...within(lab), ...ssh]);
}

async function said(
  host: string,
  command: string,
  [program, ...args]: readonly [string, ...string[]],
  options: RunOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await runProcess(program, args, options);
  if (code !== 0) throw new Error(`${host}: ${command} ended with ${code}\n${stdout}${stderr}`);
  return stdout;
}

export function runProcess(command: string, args: readonly string[], options: RunOptions = {}): Promise<Run> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(command, args, {
      cwd: options.cwd ?? root,
      env: { ...process.env, NO_COLOR: '1', ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString('utf8');
      options.onStdout?.(chunk.toString('utf8'));
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString('utf8');
      if (child.pid !== undefined) options.onStderr?.(chunk.toString('utf8'), child.pid);
    });
    // It may have ended before it has read anything.
    child.stdin.on('error', () => undefined).end(options.input);
    if (child.pid !== undefined) options.during?.(child.pid);
    const limit = setTimeout(() => child.kill('SIGKILL'), options.limitMs ?? hangMs(100_000));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      resolve({
        code: code ?? (signal === 'SIGKILL' ? 137 : 143),
        stdout,
        stderr,
        ms: performance.now() - started,
      });
    });
  });
}

/** What is started by a login, such as package managers, has the weight of haup and not of the daemons of its host. */
export async function loginsLast(lab: string, hosts: readonly string[]): Promise<void> {
  const directory = '/etc/systemd/system/ssh.service.d';
  const command = `mkdir -p ${directory}; printf '[Service]\\nNice=${getPriority()}\\n' > ${directory}/nice.conf
systemctl daemon-reload; renice -n ${getPriority()} $(systemctl show -p MainPID --value ssh) > /dev/null`;
  for (const host of hosts) await onHost(lab, host, command);
}

/** Waits until something is so; the limit is for what hangs. */
export async function eventually(
  what: string,
  done: () => boolean | Promise<boolean>,
  limitMs: number = hangMs(20_000),
): Promise<void> {
  for (const end = performance.now() + limitMs; performance.now() < end; await sleep(100)) {
    if (await done()) return;
  }
  throw new Error(`${what}: not within ${(limitMs / 1000).toFixed(0)} s`);
}

/** Waits, on a host, until a command of its shell succeeds. */
export async function eventuallyOnHost(lab: string, host: string, command: string): Promise<void> {
  const tries = Math.round(hangMs(20_000) / 100);
  await onHost(
    lab,
    host,
    `for i in $(seq ${tries}); do if ${command}; then exit 0; fi; sleep 0.1; done; echo 'never: ${command.replaceAll("'", '’')}' >&2; exit 1`,
  );
}

/** Prints a figure that a test has measured: the run's log is where figures come from. */
export function figure(text: string): void {
  process.stdout.write(`   ▸ ${text}\n`);
}
