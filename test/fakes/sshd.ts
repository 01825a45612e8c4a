/**
 * A real sshd on 127.0.0.1, with keys and users of its own. Its users live in a mount namespace: /etc/passwd and
 * sudoers of this machine are not touched.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { portOf } from './ssh-server.ts';
import { hangMs } from '../limits.ts';

/** The users that there are besides root; `free` and `asked` may use sudo, `asked` with its password. */
export type SshdUser = 'plain' | 'free' | 'asked';

export interface Sshd extends AsyncDisposable {
  readonly port: number;
  readonly dir: string;
  /** A private key that all users accept. */
  readonly identity: string;
  /** An ssh_config for HAUP_SSH_CONFIG: that key, and a known_hosts file in `dir`. */
  readonly configFile: string;
  /** What sshd has written to standard error. */
  log(): string;
  /** What sudo has written to its log. */
  sudoLog(): string;
  /** The process that listens; each connection is a child of it. */
  readonly pid: number;
}

/** Every user's password; sshd reads its hash from the shadow file of the namespace. */
export const password = 'correct horse';

export interface SshdOptions {
  /** More lines of sshd_config. */
  readonly config?: readonly string[];
  readonly hostKey?: 'ed25519' | 'ecdsa' | 'rsa';
}

export async function startSshd({ config = [], hostKey = 'ed25519' }: SshdOptions = {}): Promise<Sshd> {
  for (const [program, debianPackage] of [
    ['/usr/sbin/sshd', 'openssh-server'],
    ['/usr/bin/sudo', 'sudo'],
    ['/usr/bin/openssl', 'openssl'],
  ]) {
    if (!existsSync(program ?? ''))
      throw new Error(`these tests need ${program}: apt-get install ${debianPackage}`);
  }
  if (process.getuid?.() !== 0) throw new Error('these tests need root: sshd logs several users in');

  const dir = mkdtempSync(join(tmpdir(), 'haup-sshd-'));
  // sshd and sudo want the way to their files to belong to root alone, and users to get through.
  chmodSync(dir, 0o755);
  const path = (name: string): string => join(dir, name);
  for (const [name, kind] of [
    ['host', hostKey],
    ['id', 'ed25519'],
  ] as const) {
    must('ssh-keygen', ['-q', '-t', kind, '-N', '', '-C', name, '-f', path(name)]);
  }
  makeUsers(dir);
  const port = await freePort();
  writeFileSync(
    path('sshd_config'),
    [
      ...config,
      `HostKey ${path('host')}`,
      'ListenAddress 127.0.0.1',
      'PidFile none',
      'UsePAM no',
      'StrictModes no',
      `AuthorizedKeysFile ${path('id.pub')}`,
      'PermitRootLogin yes',
      'PasswordAuthentication yes',
      'MaxStartups 100',
      'LogLevel VERBOSE',
      '',
    ].join('\n'),
  );
  writeFileSync(
    path('ssh_config'),
    [
      'Host *',
      `  IdentityFile ${path('id')}`,
      '  IdentitiesOnly yes',
      `  UserKnownHostsFile ${path('known_hosts')}`,
      '  GlobalKnownHostsFile none',
      '',
    ].join('\n'),
  );
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const binds = ['passwd', 'shadow', 'group', 'sudoers']
    .map((file) => `mount --bind '${path(file)}' /etc/${file}`)
    .join(' && ');
  const child: ChildProcess = spawn(
    'unshare',
    [
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-c',
      `${binds} && exec /usr/sbin/sshd -D -e -f '${path('sshd_config')}' -p ${port}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const ended = new Promise<void>((resolve) => {
    child.on('exit', () => resolve());
  });
  for (let waited = 0; !log.includes('Server listening'); waited += 10) {
    if (child.exitCode !== null || waited > hangMs(5_000)) throw new Error(`sshd did not start: ${log}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
  return {
    port,
    dir,
    identity: path('id'),
    configFile: path('ssh_config'),
    pid: child.pid ?? 0,
    log: () => log,
    sudoLog: () => (existsSync(path('sudo.log')) ? readFileSync(path('sudo.log'), 'utf8') : ''),
    async [Symbol.asyncDispose]() {
      // Connections that a failed test left open outlive the process that listens.
      spawnSync('pkill', ['-P', String(child.pid)]);
      child.kill('SIGTERM');
      await ended;
      child.stderr?.destroy();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function makeUsers(dir: string): void {
  const hash = must('openssl', ['passwd', '-6', password]).trim();
  const users: readonly SshdUser[] = ['plain', 'free', 'asked'];
  for (const file of ['passwd', 'shadow', 'group']) copyFileSync(`/etc/${file}`, join(dir, file));
  chmodSync(join(dir, 'shadow'), 0o600);
  const add = (file: string, line: string): void => {
    const text = readFileSync(join(dir, file), 'utf8');
    writeFileSync(join(dir, file), `${text.endsWith('\n') ? text : `${text}\n`}${line}\n`);
  };
  for (const [index, user] of users.entries()) {
    const id = 61_000 + index;
    add('passwd', `${user}:x:${id}:${id}::${join(dir, 'home')}:/bin/sh`);
    add('group', `${user}:x:${id}:`);
    add('shadow', `${user}:${hash}:19000:0:99999:7:::`);
  }
  // What root's own shell does at the start of each command is no business of a test.
  const passwd = readFileSync(join(dir, 'passwd'), 'utf8');
  writeFileSync(
    join(dir, 'passwd'),
    passwd.replace(/^root:.*$/m, `root:x:0:0:root:${join(dir, 'home')}:/bin/sh`),
  );
  mkdirSync(join(dir, 'home'));
  writeFileSync(
    join(dir, 'sudoers'),
    [
      'Defaults env_reset, use_pty',
      'Defaults passwd_tries=3, passwd_timeout=1',
      `Defaults logfile=${join(dir, 'sudo.log')}`,
      'root ALL=(ALL:ALL) ALL',
      'free ALL=(ALL:ALL) NOPASSWD: ALL',
      'asked ALL=(ALL:ALL) ALL',
      '',
    ].join('\n'),
  );
  chmodSync(join(dir, 'sudoers'), 0o440);
}

function must(program: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => {
    server.once('listening', resolve);
  });
  const port = portOf(server);
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}
