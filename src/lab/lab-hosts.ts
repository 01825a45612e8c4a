/** Makes the hosts of a lab on an overlay over the image, boots them and waits for them. */

import { randomUUID } from 'node:crypto';
import { chmod, chown, copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { HaupError } from '../model/errors.ts';
import { bootScript } from './boot-script.ts';
import { hostsText } from './host-files.ts';
import type { Image } from './image.ts';
import type { HostPaths, LabHost, LabPaths, LabSpec } from './names.ts';
import { hostPaths, switchNamespace } from './names.ts';
import { lastLines, launch, must, run } from './process.ts';
import type { LabProcess } from './process-table.ts';
import { firstProcess, labProcesses } from './process-table.ts';
import { operators, operatorsGroup } from './finish-image.ts';
import type { SavedHost } from './saved-host.ts';
import type { HostMade } from './lab-state.ts';
import { pause } from '../base/pause.ts';

/** Updates /etc/hosts of a host that is off. */
export async function writeHosts(spec: LabSpec, paths: HostPaths): Promise<void> {
  await writeFile(`${paths.upper}/etc/hosts`, hostsText(spec.hosts));
}

/** The disk that a host is made from, and the saved lab it belongs to. */
export interface Layer extends SavedHost {
  readonly id: string;
}

/** Makes the files of a host; all or nothing. */
export async function makeHost(
  spec: LabSpec,
  host: LabHost,
  lab: LabPaths,
  image: Image,
  layer: Layer | null,
): Promise<void> {
  const paths = hostPaths(lab, host.name);
  const part = `${lab.hosts}/.${host.name}.part`;
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { recursive: true });
  for (const name of ['upper', 'work', 'root', 'upper/etc', 'upper/etc/ssh', 'upper/home'])
    await directory(`${part}/${name}`, 0o755);
  await writeIdentity(`${part}/upper/etc`, spec, host);
  await writeAccounts(`${part}/upper`, lab, image, layer);
  const made: HostMade = {
    address: host.address,
    interface: host.interface,
    flavour: host.flavour,
    image: image.hash,
    saved: layer?.id ?? null,
  };
  await file(`${part}/host.json`, `${JSON.stringify(made)}\n`, 0o644);
  await file(`${part}/boot.sh`, bootScript(spec.name, host, paths, image, layer?.disk ?? null), 0o755);
  await rm(paths.dir, { recursive: true, force: true });
  await rename(part, paths.dir);
}

async function writeIdentity(etc: string, spec: LabSpec, { name }: LabHost): Promise<void> {
  await file(`${etc}/hostname`, `${name}\n`, 0o644);
  await file(`${etc}/hosts`, hostsText(spec.hosts), 0o644);
  await file(`${etc}/machine-id`, `${randomUUID().replaceAll('-', '')}\n`, 0o444);
  await makeKeyPair(`${etc}/ssh/ssh_host_ed25519_key`, name);
}

/** Root and the operators: their homes, with the lab's key, and the password of the one who has one. */
async function writeAccounts(upper: string, lab: LabPaths, image: Image, layer: Layer | null): Promise<void> {
  const key = await readFile(`${lab.key}.pub`, 'utf8');
  await writeHome(`${upper}/root`, key, root);
  for (const { name, uid } of operators) {
    const owner = { uid, gid: operatorsGroup };
    await writeHome(`${upper}/home/${name}`, key, owner);
    for (const skeleton of ['.profile', '.bashrc', '.bash_logout']) {
      const copy = `${upper}/home/${name}/${skeleton}`;
      await copyFile(`${image.root}/home/${name}/${skeleton}`, copy).catch(() => {});
      await chown(copy, owner.uid, owner.gid).catch(() => {});
    }
  }
  const lowers = [...(layer === null ? [] : [layer.disk]), image.root];
  const password = (await readFile(lab.password, 'utf8')).trim();
  const shadow = await readUppermost(lowers, 'etc/shadow');
  const gid = Number(/^shadow:[^:]*:(\d+):/m.exec(await readUppermost(lowers, 'etc/group'))?.[1] ?? 0);
  const text = withPassword(shadow, 'operator-pw', await crypt(password));
  await file(`${upper}/etc/shadow`, text, 0o640, { uid: 0, gid });
}

async function writeHome(home: string, key: string, owner: Owner): Promise<void> {
  await directory(home, 0o700, owner);
  await directory(`${home}/.ssh`, 0o700, owner);
  await file(`${home}/.ssh/authorized_keys`, key, 0o600, owner);
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const root: Owner = { uid: 0, gid: 0 };

/** An overlay takes a directory's owner and mode from the upper one. */
async function directory(path: string, mode: number, { uid, gid } = root): Promise<void> {
  await mkdir(path, { recursive: true });
  await chmod(path, mode);
  await chown(path, uid, gid);
}

async function file(path: string, text: string, mode: number, { uid, gid } = root): Promise<void> {
  await writeFile(path, text, { mode });
  await chmod(path, mode);
  await chown(path, uid, gid);
}

/** The file as a host with these lower directories sees it. */
async function readUppermost(lowers: readonly string[], path: string): Promise<string> {
  for (const lower of lowers) {
    const text = await readFile(`${lower}/${path}`, 'utf8').catch(() => null);
    if (text !== null) return text;
  }
  return '';
}

/** Writes `path` and `path.pub`. */
export async function makeKeyPair(path: string, comment: string): Promise<void> {
  await must('Making a key', 'ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', path]);
}

/** /etc/shadow with the password field of one user replaced. */
export function withPassword(shadow: string, user: string, hash: string): string {
  return shadow
    .split('\n')
    .map((line) => {
      const fields = line.split(':');
      return fields[0] === user ? [user, hash, ...fields.slice(2)].join(':') : line;
    })
    .join('\n');
}

/** SHA-512 crypt by the C library, through perl, which every Debian has; the password appears on no command line. */
async function crypt(password: string): Promise<string> {
  const salt = randomUUID().replaceAll('-', '').slice(0, 16);
  const script = `chomp(my $word = <STDIN>); print crypt($word, '$6$${salt}$')`;
  return must('Hashing a password', 'perl', ['-e', script], { input: `${password}\n` });
}

export async function publicHostKey(paths: HostPaths): Promise<string> {
  const text = await readFile(`${paths.upper}/etc/ssh/ssh_host_ed25519_key.pub`, 'utf8');
  return text.trim().split(' ').slice(0, 2).join(' ');
}

/** Powers a host on. It goes on booting after this call, and outlives haup. */
export async function powerOn(paths: HostPaths): Promise<void> {
  await launch('sh', ['-c', 'exec sh "$1" </dev/null >>"$2" 2>&1', 'sh', paths.script, paths.console]);
}

/** A host is on while its boot script runs. */
export function isOn(processes: readonly LabProcess[], host: string): boolean {
  return processes.some(({ group }) => group === `boot-${host}` || group.startsWith(`host-${host}/`));
}

const bootLimitMs = 60_000;

/** Waits until sshd answers and systemd has started everything; an error has the last lines of the console. */
export async function waitUntilRunning(
  spec: LabSpec,
  host: LabHost,
  lab: LabPaths,
  signal: AbortSignal,
): Promise<void> {
  const paths = hostPaths(lab, host.name);
  const until = performance.now() + bootLimitMs;
  let last = '';
  const fail = async (what: string): Promise<HaupError> => {
    const console = await readFile(paths.console, 'utf8').catch(() => '');
    return new HaupError('LAB_FAILED', `${host.name} of lab ${spec.name} ${what}.`, {
      host: host.name,
      hint: `haup lab down --name ${spec.name} removes it. Its console: ${paths.console}`,
      detail: [...lastLines(last, 3), ...lastLines(console)],
    });
  };
  // Until the boot script has entered the lab's group, nothing shows that it runs.
  const started = performance.now() + 3000;
  while (performance.now() < until) {
    const processes = await labProcesses(spec.name);
    if ((await firstProcess(processes, host.name)) === null) {
      // Until then there is no network either, and a connection would wait a second for ARP.
      if (performance.now() > started && !isOn(processes, host.name)) throw await fail('did not boot');
      await pause(20, signal);
      continue;
    }
    const ran = await run(
      'ip',
      ['netns', 'exec', switchNamespace(spec.name), 'ssh', ...sshArgs(lab, host.name), waitScript],
      { signal, limitMs: Math.max(1000, until - performance.now()) },
    );
    last = `${ran.stdout}${ran.stderr}`;
    const said = ran.stdout.trim().split('\n').at(-1);
    if (said === 'running') return;
    if (said === 'degraded') throw await fail('has booted, but some of its services failed');
    await pause(50, signal);
  }
  throw await fail(`did not answer on SSH within ${bootLimitMs / 1000} s`);
}

const waitScript = 'systemctl --failed --no-legend --plain; systemctl is-system-running --wait';

/** Arguments of ssh that reach a host of the lab without asking anything. */
export function sshArgs(lab: LabPaths, host: string): readonly string[] {
  const options = ['BatchMode=yes', 'ConnectTimeout=2', 'LogLevel=ERROR'];
  return ['-F', lab.sshConfig, ...options.flatMap((option) => ['-o', option]), host];
}
