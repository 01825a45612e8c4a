/** The machine that runs the lab: what it is, what it lacks, and where its packages come from. */

import { access, constants, mkdir, readdir, readFile, statfs, writeFile } from 'node:fs/promises';
import { platform } from 'node:os';
import { getuid } from 'node:process';
import { HaupError } from '../model/errors.ts';
import { lock, must, run } from './process.ts';
import type { LabRoots } from './names.ts';
import type { SourceFile } from './sources.ts';
import { distributionSources, osRelease, sourceLine } from './sources.ts';
import type { LabWorld } from './world.ts';
import { seconds } from './world.ts';

export interface Machine {
  readonly os: string;
  readonly codename: string;
  readonly arch: string;
}

/** Every program that the lab starts, with the Debian package that has it. */
const programs: readonly (readonly [program: string, debianPackage: string])[] = [
  ['ip', 'iproute2'],
  ['flock', 'util-linux'],
  ['setsid', 'util-linux'],
  ['setpriv', 'util-linux'],
  ['unshare', 'util-linux'],
  ['mount', 'mount'],
  ['ssh', 'openssh-client'],
  ['ssh-keygen', 'openssh-client'],
  ['systemd-nspawn', 'systemd-container'],
  ['mmdebstrap', 'mmdebstrap'],
  ['dpkg-deb', 'dpkg'],
  ['perl', 'perl-base'],
];

const refuse = (why: string, hint: string): HaupError => new HaupError('LAB_UNSUPPORTED', why, { hint });

/** Refuses any user but root, and any system but Linux. `command` is what to run with sudo. */
export function checkRoot(command: string): void {
  if (platform() !== 'linux') {
    throw refuse(
      `A lab needs Linux; this is ${platform()}.`,
      'Use Debian or Ubuntu, for example in a virtual machine. For real hosts no lab is needed: haup apply works from here.',
    );
  }
  if (getuid?.() !== 0) {
    throw refuse('A lab needs root, for network namespaces and mounts.', `Run: sudo ${command}`);
  }
}

/** Refuses a machine that cannot run a lab, and says what it lacks. `path` is $PATH. */
export async function checkMachine(path: string, roots: LabRoots): Promise<Machine> {
  checkRoot('haup lab up');
  const filesystems = await readFile('/proc/filesystems', 'utf8').catch(() => '');
  if (!/\boverlay$/m.test(filesystems) && (await run('modprobe', ['overlay'])).code !== 0) {
    throw refuse(
      'This kernel has no overlayfs, which lab hosts need for their disks.',
      'Load or enable the overlay module.',
    );
  }
  if (!/\bcgroup2$/m.test(filesystems)) {
    throw refuse(
      'This kernel has no cgroup2, which a lab needs to contain its processes.',
      'Use Linux 5.4 or newer.',
    );
  }
  await mkdir(roots.labs, { recursive: true });
  if ((await statfs(roots.labs)).type === overlayMagic) {
    throw refuse(
      `${roots.labs} is on an overlayfs, where lab hosts cannot keep their disks.`,
      `Mount a volume or a tmpfs at ${roots.labs}.`,
    );
  }
  if (!(await onPath('apt-get', path))) {
    throw refuse(
      'A lab is built from Debian packages, and this machine has no apt-get.',
      'Use Debian or Ubuntu, for example in a virtual machine.',
    );
  }
  const release = osRelease(await readFile('/etc/os-release', 'utf8').catch(() => ''));
  const os = release.get('ID') ?? '';
  const codename = release.get('VERSION_CODENAME') ?? release.get('UBUNTU_CODENAME') ?? '';
  if ((os !== 'debian' && os !== 'ubuntu') || codename === '') {
    throw refuse(
      `A lab needs Debian or Ubuntu; /etc/os-release says ${release.get('PRETTY_NAME') ?? 'nothing'}.`,
      'Use Debian or Ubuntu, for example in a virtual machine.',
    );
  }
  const arch = (await must('Asking dpkg for the architecture', 'dpkg', ['--print-architecture'])).trim();
  return { os, codename, arch };
}

/** OVERLAYFS_SUPER_MAGIC of linux/magic.h. */
const overlayMagic = 0x794c7630;

/** Debian packages to install before a lab can be made; empty when every program is there. */
export async function missingPackages(path: string): Promise<readonly string[]> {
  const missing = new Set<string>();
  for (const [program, debianPackage] of programs) {
    if (!(await onPath(program, path))) missing.add(debianPackage);
  }
  return [...missing];
}

/** Installs what `missingPackages` names, unless another lab has just done so. */
export async function installPackages(world: LabWorld): Promise<void> {
  const { cache } = world.roots;
  await mkdir(cache, { recursive: true });
  const held = await lock(`${cache}/packages.lock`, world.signal, () =>
    world.say('packages: waiting for another lab to install them'),
  );
  try {
    const names = await missingPackages(world.env['PATH'] ?? '');
    if (names.length === 0) return;
    const start = performance.now();
    const env = { ...world.env, LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' };
    const options = { env, log: `${cache}/packages.log`, signal: world.signal, limitMs: 600_000 };
    const install = [
      '-y',
      '-q',
      '--no-install-recommends',
      '-o',
      'DPkg::Lock::Timeout=120',
      'install',
      ...names,
    ];
    if ((await run('apt-get', install, options)).code !== 0) {
      // The package lists are missing, or name packages that the mirror no longer has.
      await must('Reading the package lists', 'apt-get', ['-q', 'update'], options);
      const hint = `Check that apt-get works; on Ubuntu, mmdebstrap is in universe. Full log: ${options.log}`;
      await must(`Installing ${names.join(', ')}`, 'apt-get', install, { ...options, hint });
    }
    world.say(`packages: ${names.join(', ')} installed in ${seconds(start)}`);
  } finally {
    await held.release();
  }
}

async function onPath(program: string, path: string): Promise<boolean> {
  // A user's PATH may lack the sbin directories, where ip and others live.
  for (const dir of new Set([...path.split(':'), '/usr/sbin', '/sbin'])) {
    const found = await access(`${dir}/${program}`, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (dir !== '' && found) return true;
  }
  return false;
}

/**
 * Writes a list of the machine's own distribution sources to `dir`; returns its path.
 * Does not touch /etc/apt.
 */
export async function writeSources(machine: Machine, type: 'deb' | 'deb-src', dir: string): Promise<string> {
  await mkdir(dir, { recursive: true });
  const files = await sourceFiles();
  const { sources, keys } = distributionSources(files, { id: machine.os, codename: machine.codename }, dir);
  if (!sources.some((source) => source.suite === machine.codename)) {
    throw new HaupError(
      'LAB_UNSUPPORTED',
      `The apt sources of this machine have no entry for ${machine.codename} main.`,
      {
        hint: 'Add a mirror of your distribution to /etc/apt/sources.list: the lab downloads from there.',
        detail: files.map((file) => `read ${file.path}`),
      },
    );
  }
  for (const key of keys) await writeFile(`${dir}/${key.name}`, key.text);
  const path = `${dir}/${type}.list`;
  await writeFile(path, `${sources.map((source) => sourceLine(type, source)).join('\n')}\n`);
  return path;
}

async function sourceFiles(): Promise<readonly SourceFile[]> {
  const parts = await readdir('/etc/apt/sources.list.d').catch(() => []);
  const paths = [
    '/etc/apt/sources.list',
    ...parts
      .filter((name) => /\.(?:list|sources)$/.test(name))
      .map((name) => `/etc/apt/sources.list.d/${name}`),
  ];
  const files: SourceFile[] = [];
  for (const path of paths) {
    const text = await readFile(path, 'utf8').catch(() => null);
    if (text !== null) files.push({ path, text });
  }
  return files;
}

/** How the machine's apt reaches its mirrors (proxies and the like), as options of the form `Name "value"`. */
export async function acquireOptions(): Promise<readonly string[]> {
  const dump = await must('Reading the configuration of apt', 'apt-config', [
    'dump',
    '--format',
    '%F "%v";%n',
    'Acquire',
  ]);
  return dump
    .split('\n')
    .filter((line) => /^Acquire::(?:https?|ftp|Check|ForceIPv|Retries|AllowInsecure)/.test(line));
}
