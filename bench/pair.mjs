// Two lab hosts, those of the example inventory, with python3 for the tools that need it.
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..');
export const bin = join(root, 'dist/bin.js');
export const example = join(root, 'inventory.example.yaml');
export const hosts = ['keep_136', 'keep_137'];
const savedDirectory = '/var/lib/haup/labs/.saved';

/**
 * Starts the hosts, bare. `directory`: for scratch files. `given`: a lab that is up already, to debug with; it stays up.
 */
export async function startPair(directory, given) {
  const lab = given ?? `haup-bench-${process.pid}`;
  const saved = join(savedDirectory, lab);
  const up = (...from) =>
    haup('lab', 'up', example, '--name', lab, '--yes', '--for-pid', String(process.pid), ...from);
  const down = () => haup('lab', 'down', '--name', lab);
  const inside = (...command) => ['nsenter', `--net=/run/netns/haup.${lab}`, '--', ...command];

  process.on('exit', () => rmSync(saved, { recursive: true, force: true }));
  if (given === undefined) up();
  const env = environment(lab);
  const sshCommand = (host, script) => inside('ssh', '-F', env.HAUP_SSH_CONFIG, host, script);
  /** What a script on a host prints. */
  const ssh = (host, script) => {
    const [program, ...args] = sshCommand(host, script);
    return execFileSync(program, args, { encoding: 'utf8' });
  };
  await givePython(directory, sshCommand, ssh);
  return {
    env,
    inside,
    ssh,
    /** Saves the disks. @returns the directories that make up that of the first host, the upper one first */
    save() {
      haup('lab', 'save', '--name', lab, lab);
      const { disk, image } = JSON.parse(readFileSync(join(saved, 'saved.json'), 'utf8')).hosts[hosts[0]];
      return [disk, join('/var/cache/haup/images', image, 'root')];
    },
    /** Makes the hosts anew, as they were saved. */
    restart() {
      down();
      up('--from', lab);
    },
    /** The saved disks stay until `stop`. */
    powerOff: down,
    stop() {
      if (given === undefined) down();
      rmSync(saved, { recursive: true, force: true });
    },
  };
}

/** The variables with which commands find a lab. */
function environment(lab) {
  const printed = execFileSync(process.execPath, [bin, 'lab', 'exec', '--name', lab, '--', 'env', '-0'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const all = printed.split('\0').map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]);
  return Object.fromEntries(all.filter(([name]) => /^HAUP_(LAB|SSH_CONFIG|OVERLAY)$/.test(name)));
}

/** Installs Debian's python3, which the hosts of a lab lack. This machine downloads it: they have no way out. */
async function givePython(directory, sshCommand, ssh) {
  if (hosts.every((host) => ssh(host, 'command -v python3 || true') !== '')) return;
  const status = join(directory, 'dpkg-status');
  writeFileSync(status, ssh(hosts[0], 'cat /var/lib/dpkg/status'));
  const debs = join(directory, 'python3');
  mkdirSync(join(debs, 'partial'), { recursive: true });
  const options = {
    'Dir::State::status': status,
    'Dir::Cache::archives': debs,
    'Debug::NoLocking': '1',
    'APT::Sandbox::User': 'root',
  };
  execFileSync(
    'apt-get',
    [
      ...['-qq', '-y', '--no-install-recommends', '--download-only'],
      ...Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`]),
      ...['install', 'python3'],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const names = readdirSync(debs).filter((name) => name.endsWith('.deb'));
  const tar = execFileSync('tar', ['-C', debs, '-c', ...names], { maxBuffer: 1 << 28 });
  const script =
    'set -e; d=$(mktemp -d); tar -C "$d" -x; apt-get -qq -y install --no-install-recommends "$d"/*.deb >&2; rm -r "$d"; python3 -c 0';
  await Promise.all(
    hosts.map((host) => {
      const [program, ...args] = sshCommand(host, script);
      const running = promisify(execFile)(program, args, { maxBuffer: 1 << 28 });
      running.child.stdin.end(tar);
      return running;
    }),
  );
}

function haup(...args) {
  const { status } = spawnSync(process.execPath, [bin, ...args], { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(`haup ${args.slice(0, 2).join(' ')} ended with ${status}`);
}
