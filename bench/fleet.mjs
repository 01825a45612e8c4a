// Part of `npm run bench`: haup plan over many light hosts. Each is an sshd at an address of its own, all over this
// machine's files, in a network namespace that nothing else is in. The facts and the plan are real, and so are the
// connections; their daemons are not there, so this says how haup grows, not how long an apply takes.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { alternate, timed } from './alternate.mjs';
import { settings } from './ansible.mjs';

const bin = join(import.meta.dirname, '../dist/bin.js');

/** Measures in a namespace; `sizes`: numbers of hosts. */
export function fleet(sizes, runs) {
  const dir = mkdtempSync(join(tmpdir(), 'haup-fleet-'));
  try {
    const file = join(dir, 'result.json');
    execFileSync(
      'unshare',
      [
        '--net',
        '--mount',
        '--pid',
        '--fork',
        '--mount-proc',
        '--kill-child',
        process.execPath,
        import.meta.filename,
        dir,
        file,
        sizes.join(','),
        String(runs),
      ],
      { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, HAUP_OVERLAY: '' } },
    );
    return JSON.parse(readFileSync(file, 'utf8'));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const address = (at) => `10.77.${Math.floor(at / 200)}.${(at % 200) + 1}`;

async function inside(dir, file, sizes, runs) {
  const sh = (script) => execFileSync('sh', ['-ec', script], { stdio: ['ignore', 'ignore', 'inherit'] });
  const most = Math.max(...sizes);
  sh(`ip link set lo up; ip link add silent0 type veth peer name silent1; ip addr add 10.78.0.1/24 dev silent0; ip link set silent0 up; ip link set silent1 up; ip neigh add 10.78.0.9 lladdr 02:00:00:00:00:09 dev silent0 nud permanent
mount -t tmpfs tmpfs /run; mkdir -p /run/sshd /run/systemd/system; ssh-keygen -q -t ed25519 -N '' -f ${dir}/host; ssh-keygen -q -t ed25519 -N '' -f ${dir}/user; cp ${dir}/user.pub ${dir}/authorized`);
  for (let at = 0; at < most; at += 1) {
    sh(`ip addr add ${address(at)}/32 dev lo`);
    const options = ['-D', '-e', '-f', '/dev/null', '-h', `${dir}/host`];
    const more = {
      ListenAddress: address(at),
      AuthorizedKeysFile: `${dir}/authorized`,
      PidFile: 'none',
      StrictModes: 'no',
      UsePAM: 'no',
      LogLevel: 'ERROR',
      MaxStartups: '100',
    };
    spawn(
      '/usr/sbin/sshd',
      [...options, ...Object.entries(more).flatMap(([key, value]) => ['-o', `${key}=${value}`])],
      { stdio: 'ignore' },
    );
  }
  writeFileSync(
    join(dir, 'config'),
    `Host *\n  User root\n  IdentityFile ${dir}/user\n  UserKnownHostsFile ${dir}/known\n  StrictHostKeyChecking accept-new\n`,
  );
  await sleep(2_000);

  const inventory = (size, dead = false) => {
    const name = (at) => `h${at}`;
    const hosts = Object.fromEntries(
      Array.from({ length: size }, (_, at) => [
        name(at),
        { address: dead && at === size - 1 ? '10.78.0.9' : address(at), interface: 'lo' },
      ]),
    );
    const vips = Array.from({ length: size / 2 }, (_, at) => ({
      address: `10.79.${Math.floor(at / 200)}.${(at % 200) + 1}`,
      virtual_router_id: (at % 250) + 1,
      hosts: [name(2 * at), name(2 * at + 1)],
    }));
    const path = join(dir, `inventory-${size}${dead ? '-dead' : ''}.yaml`);
    writeFileSync(
      path,
      JSON.stringify({ hosts, vips, keepalived: { version: '2.2.8' }, nginx: { version: '1.28.0' } }),
    );
    return path;
  };
  const env = { HAUP_SSH_CONFIG: join(dir, 'config'), HOME: dir };
  const plan = (path, ...more) => ({ argv: [process.execPath, bin, 'plan', path, '--json', ...more], env });
  const result = {};
  for (const size of sizes) {
    process.stderr.write(`${size} hosts\n`);
    const commands = { haup: { ...plan(inventory(size)), status: 3 } };
    const peers = ansible(dir, size);
    if (peers !== null) commands['Ansible, facts alone'] = peers;
    try {
      timed(commands.haup);
      result[size] = alternate(commands, size > 50 ? 3 : Math.min(runs, 10));
    } catch (error) {
      // More hosts than this machine can be in one go: what was measured is kept.
      process.stderr.write(`${error.message.slice(0, 1000)}\n`);
      break;
    }
  }
  const biggest = Math.max(...Object.keys(result).map(Number));
  const limit = 5;
  const dead = timed({ ...plan(inventory(biggest, true), '--connect-timeout', String(limit)), status: 4 });
  result.dead = { hosts: biggest, limitMs: limit * 1000, ms: dead.ms };
  writeFileSync(file, JSON.stringify(result));
  process.exit(0);
}

/** The setup module alone; null where there is no Ansible. */
function ansible(dir, size) {
  if (spawnSync('ansible', ['--version'], { stdio: 'ignore' }).status !== 0) return null;
  const inventory = join(dir, `hosts-${size}`);
  const file = join(dir, `ansible-${size}.cfg`);
  writeFileSync(inventory, Array.from({ length: size }, (_, at) => `${address(at)}\n`).join(''));
  writeFileSync(
    file,
    settings({ inventory, strategy: 'linear', sshConfig: join(dir, 'config'), control: join(dir, 'cp') }),
  );
  return {
    argv: ['ansible', 'all', '-m', 'setup', '-a', 'gather_subset=!all,min,network'],
    env: { ANSIBLE_CONFIG: file, HOME: dir },
  };
}

if (process.argv[1] === import.meta.filename) {
  const [, , dir, file, sizes, runs] = process.argv;
  await inside(dir, file, sizes.split(',').map(Number), Number(runs));
}
