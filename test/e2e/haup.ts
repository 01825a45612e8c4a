import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';

export const root: string = join(import.meta.dirname, '../..');
const bin = join(root, 'dist/bin.js');

/** Name of a lab of these tests; each checkout has its own, so that two can run their tests side by side. */
export const testLab = (what: string): string =>
  `haup-test-${createHash('sha256').update(root).digest('hex').slice(0, 4)}-${what}`;

/**
 * The lab that global-setup.ts makes and applies the example to; every test leaves it as it found it.
 * HAUP_TEST_LAB names one that is there already: then none is made and none is taken down.
 */
export const givenLab: string | undefined = process.env['HAUP_TEST_LAB'];
export const mainLab: string = givenLab ?? testLab('main');

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
  /** Variables that are set inside the lab, over what `haup lab exec` sets. */
  readonly inside?: Readonly<Record<string, string>>;
  readonly limitMs?: number;
}

/** Runs haup itself as a process of its own. */
export function haup(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  return runProcess(process.execPath, [bin, ...args], options);
}

/** Runs haup inside a lab, as a user does. */
export function inLab(lab: string, args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const variables = Object.entries(options.inside ?? {}).map(([name, value]) => `${name}=${value}`);
  const command = ['env', ...variables, process.execPath, bin, ...args];
  return haup(['lab', 'exec', '--name', lab, '--', ...command], options);
}

/** Runs a command as root on a host of a lab; rejects when it fails. */
export async function onHost(lab: string, host: string, command: string): Promise<string> {
  const { code, stdout, stderr } = await haup(['lab', 'ssh', '--name', lab, host, '--', command]);
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
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString('utf8');
      if (child.pid !== undefined) options.onStderr?.(chunk.toString('utf8'), child.pid);
    });
    child.stdin.end(options.input ?? '');
    if (child.pid !== undefined) options.during?.(child.pid);
    const limit = setTimeout(() => child.kill('SIGKILL'), options.limitMs ?? 300_000);
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

/** Prints a figure that a test has measured: the run's log is where figures come from. */
export function figure(text: string): void {
  process.stdout.write(`   ▸ ${text}\n`);
}
