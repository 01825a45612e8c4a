import { execFile, execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scratchDirectory } from '../scratch.ts';
import { bySsh, eventually, figure, haup, root, type Run, testLab } from './haup.ts';

// Labs of this file's own: the one that the other tests share keeps its peace.
const lab = testLab('lab');
const second = testLab('lab-2');
const state = (name: string): string => `/var/lib/haup/labs/${name}`;
const up = (name: string, ...more: string[]) =>
  haup(['lab', 'up', '--name', name, '--yes', '--for-pid', String(process.pid), ...more]);
const fault = (host: string, what: string) => haup(['lab', 'fault', '--name', lab, host, what, '--json']);
const bootId = (host: string) => bySsh(lab, host, 'cat /proc/sys/kernel/random/boot_id');

interface Status {
  readonly up: boolean;
  readonly hosts: readonly { readonly name: string; readonly power: string; readonly link: string }[];
}
const statusOf = (stdout: string): Status => JSON.parse(stdout);

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

/** What the machine still knows of a lab: processes, namespaces, control groups, mounts, files. */
function traces(name: string): readonly string[] {
  const processes = readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && !/^State:\s+Z/m.test(read(`/proc/${pid}/status`)))
    .filter((pid) =>
      `${read(`/proc/${pid}/cgroup`)}/${read(`/proc/${pid}/cmdline`)}`.match(
        new RegExp(`/haup\\.${name}/|/labs/${name}/`),
      ),
    )
    .map((pid) => `process ${pid} ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`);
  const namespaces = existsSync('/run/netns') ? readdirSync('/run/netns') : [];
  const groups = execFileSync('find', ['/sys/fs/cgroup', '-maxdepth', '2', '-name', `haup.${name}`], {
    encoding: 'utf8',
  });
  return [
    ...processes,
    ...namespaces.filter((each) => each === `haup.${name}` || each.startsWith(`haup.${name}.`)),
    ...groups.split('\n').filter((line) => line !== ''),
    ...read('/proc/mounts')
      .split('\n')
      .filter((line) => line.includes(`labs/${name}/`) || line.includes(`haup.${name} `)),
    ...readdirSync('/var/lib/haup/labs').filter((each) => each.replace(/^\./, '').split('.')[0] === name),
  ];
}

/** Whether a TCP connection from the switch gets through within a second and a half. */
async function reaches(address: string, port: number): Promise<boolean> {
  const script = `const s = require('net').connect(${port}, '${address}');
    s.on('connect', () => process.exit(0)).on('error', () => process.exit(1)); setTimeout(() => process.exit(1), 1500);`;
  return (await haup(['lab', 'exec', '--name', lab, '--', process.execPath, '-e', script])).code === 0;
}

beforeAll(async () => {
  const made = await up(lab, '--json');
  if (made.code !== 0) throw new Error(`The lab does not start.\n${made.stdout}${made.stderr}`);
  figure(`lab up: ${(made.ms / 1000).toFixed(1)} s`);
});
afterAll(async () => {
  await haup(['lab', 'down', '--name', lab]);
  await haup(['lab', 'down', '--name', second]);
});

describe('the hosts', () => {
  test.each([
    ['keep_136', '192.168.160.136'],
    ['keep_137', '192.168.160.137'],
  ])(
    '%s has its name, its address on ens33, and a systemd that started everything',
    async (host, address) => {
      const said = await bySsh(
        lab,
        host,
        'hostname; systemctl is-system-running; ip -o -4 address show dev ens33',
      );
      expect(said.split('\n').slice(0, 2)).toEqual([host, 'running']);
      expect(said).toContain(` ${address}/24 `);
    },
  );

  test('have no compiler and no way out, and install one from the pool', async () => {
    const script = `command -v gcc make; ip route show default
      apt-get install -y gcc >/dev/null 2>&1 && command -v gcc; apt-get update 2>&1 | tail -n 1`;
    expect(await bySsh(lab, 'keep_136', script)).toBe('/usr/bin/gcc\nReading package lists...\n');
  });

  test('know each other by name', async () => {
    expect(await bySsh(lab, 'keep_136', 'getent hosts keep_137')).toMatch(/^192\.168\.160\.137\s+keep_137/);
  });

  test('let operator become root freely, and operator-pw with the password alone', async () => {
    const config = `${state(lab)}/ssh_config`;
    const as = (user: string, command: string, input = '') =>
      haup(['lab', 'exec', '--name', lab, '--', 'ssh', '-F', config, '-l', user, 'keep_136', command], {
        input,
      });
    expect(await as('operator', 'sudo -n id -u')).toMatchObject({ code: 0, stdout: '0\n' });
    expect(await as('operator-pw', 'sudo -n id -u')).toMatchObject({ code: 1, stdout: '' });
    const password = readFileSync(`${state(lab)}/operator-pw.password`, 'utf8');
    expect(await as('operator-pw', 'sudo -S -p "" id -u', password)).toMatchObject({
      code: 0,
      stdout: '0\n',
    });
    expect(await as('operator-pw', 'sudo -S -p "" id -u', 'wrong\n')).toMatchObject({ code: 1, stdout: '' });
  });
});

test('a second up changes nothing', async () => {
  const before = [await bootId('keep_136'), await bootId('keep_137')];
  const keys = readFileSync(`${state(lab)}/known_hosts`, 'utf8');
  expect((await up(lab)).code).toBe(0);
  expect([await bootId('keep_136'), await bootId('keep_137')]).toEqual(before);
  expect(readFileSync(`${state(lab)}/known_hosts`, 'utf8')).toBe(keys);
});

describe('exec', () => {
  test('tells the command which lab it is in, and ends as the command does', async () => {
    const script = 'echo "$HAUP_LAB $HAUP_SSH_CONFIG $HAUP_OVERLAY"; ip -o -4 address show dev br0; exit 7';
    const ran = await haup(['lab', 'exec', '--name', lab, 'sh', '-c', script]);
    expect(ran.code).toBe(7);
    expect(ran.stdout).toContain(`${lab} ${state(lab)}/ssh_config ${state(lab)}/overlay.yaml\n`);
    expect(ran.stdout).toContain(' 192.168.160.1/24 ');
  });

  test('runs this very haup when none is installed', async () => {
    const ran = await haup(['lab', 'exec', '--name', lab, '--', 'haup', '--version'], {
      env: { PATH: '/usr/bin:/bin' },
    });
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringMatching(/^haup \d/) });
  });

  test('passes a signal on, and waits for the command', async () => {
    const script = `trap 'echo told; exit 3' TERM; echo ready >&2; while :; do sleep 0.05; done`;
    const ran = await haup(['lab', 'exec', '--name', lab, '--', 'sh', '-c', script], {
      onStderr: (said, pid) => void (said.includes('ready') && process.kill(pid, 'SIGTERM')),
    });
    expect(ran).toMatchObject({ code: 3, stdout: 'told\n' });
  });

  test('refuses a lab that is not there, and a host that the lab has not', async () => {
    const absent = await haup(['lab', 'exec', '--name', testLab('none'), '--', 'true']);
    expect(absent.code).toBe(2);
    expect(absent.stderr).toMatch(/LAB_DOWN/);
    const unknown = await haup(['lab', 'ssh', '--name', lab, 'keep_999', '--', 'true']);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toMatch(/keep_136, keep_137/);
  });
});

describe('faults', () => {
  test('a pulled cable cuts the host off and leaves it running', async () => {
    const before = await bootId('keep_136');
    const cut = statusOf((await fault('keep_136', 'link-down')).stdout);
    expect(cut.hosts[0]).toMatchObject({ name: 'keep_136', power: 'on', link: 'down' });
    expect(await reaches('192.168.160.136', 22)).toBe(false);
    expect(await reaches('192.168.160.137', 22)).toBe(true);
    expect((await fault('keep_136', 'link-up')).code).toBe(0);
    await eventually('link up again', () => reaches('192.168.160.136', 22));
    expect(await bootId('keep_136')).toBe(before);
  });

  test('a host without power answers nothing, not even ARP for an address it had taken', async () => {
    await bySsh(lab, 'keep_136', 'ip address add 192.168.160.161/32 dev ens33; echo kept >/root/kept');
    expect(await reaches('192.168.160.161', 22)).toBe(true);
    const off = statusOf((await fault('keep_136', 'power-off')).stdout);
    expect(off).toMatchObject({ up: false, hosts: [{ power: 'off', link: 'unplugged' }, { power: 'on' }] });
    expect(await reaches('192.168.160.161', 22)).toBe(false);
    expect((await haup(['lab', 'status', '--name', lab])).code).toBe(3);
    const on = await fault('keep_136', 'power-on');
    expect(on.code).toBe(0);
    figure(`lab fault power-on, until the host answers: ${(on.ms / 1000).toFixed(1)} s`);
    expect(await bySsh(lab, 'keep_136', 'cat /root/kept; ip -o -4 address show dev ens33 | wc -l')).toBe(
      'kept\n1\n',
    );
  });

  test('a reboot, from outside or from within, gives a new boot with the same disk and the same key', async () => {
    const first = await bootId('keep_136');
    expect((await fault('keep_136', 'reboot')).code).toBe(0);
    const next = await bootId('keep_136');
    expect(next).not.toBe(first);
    await haup(['lab', 'ssh', '--name', lab, 'keep_136', '--', 'systemctl reboot']);
    await eventually('back by itself', async () => {
      const said = await haup([
        'lab',
        'ssh',
        '--name',
        lab,
        'keep_136',
        '--',
        'cat /proc/sys/kernel/random/boot_id',
      ]);
      return said.code === 0 && said.stdout !== next;
    });
    expect(await bySsh(lab, 'keep_136', 'cat /root/kept')).toBe('kept\n');
  });

  test('a host that powers itself off stays off until up', async () => {
    await haup(['lab', 'ssh', '--name', lab, 'keep_137', '--', 'systemctl poweroff']);
    const off = async (): Promise<boolean> => (await haup(['lab', 'status', '--name', lab])).code === 3;
    await eventually('off', off);
    await sleep(1000);
    expect(await off()).toBe(true);
    expect((await fault('keep_137', 'reboot')).code).toBe(1);
    expect((await up(lab)).code).toBe(0);
    expect((await haup(['lab', 'status', '--name', lab])).code).toBe(0);
  });
});

test('a lab that is saved is the beginning of another, with keys, names and a disk of its own', async () => {
  const as = second;
  await bySsh(lab, 'keep_136', 'echo saved >/srv/mark; rm /etc/issue; useradd -m someone');
  const before = [await bootId('keep_136'), await bootId('keep_137')];
  expect((await haup(['lab', 'save', '--name', lab, as])).code).toBe(0);
  try {
    // Both were without power for it, and are on again as they were.
    const now = [await bootId('keep_136'), await bootId('keep_137')];
    expect(now.every((id, at) => id !== before[at])).toBe(true);
    expect((await up(second, '--from', as)).code).toBe(0);
    const look = 'cat /srv/mark; ls /etc/issue 2>/dev/null; id -un someone; hostname; cat /etc/machine-id';
    const [one, two] = [await bySsh(lab, 'keep_136', look), await bySsh(second, 'keep_136', look)];
    expect(two).toMatch(/^saved\nsomeone\nkeep_136\n[0-9a-f]{32}\n$/);
    expect(two).not.toBe(one);
    await bySsh(second, 'keep_136', 'echo other >/srv/mark');
    expect(await bySsh(lab, 'keep_136', 'cat /srv/mark')).toBe('saved\n');
    const key = (name: string): string => readFileSync(`${state(name)}/known_hosts`, 'utf8');
    expect(key(second)).not.toBe(key(lab));
    const again = await haup(['lab', 'save', '--name', lab, as]);
    expect(again).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/cannot\s+be\s+saved\s+again:\s+lab\s+\S+\s+was\s+made\s+from\s+it/),
    });
    const absent = await haup(['lab', 'up', '--name', second, '--from', 'nothing-of-that-name']);
    expect(absent).toMatchObject({ code: 2, stderr: expect.stringMatching(/No lab is saved as/) });
  } finally {
    await haup(['lab', 'down', '--name', second]);
    rmSync(`/var/lib/haup/labs/.saved/${as}`, { recursive: true, force: true });
  }
});

test('two labs with the same addresses do not meet', async () => {
  const [made, again] = await Promise.all([up(second), up(second)]);
  expect([made.code, again.code]).toEqual([0, 0]);
  await bySsh(second, 'keep_136', 'echo two >/root/which');
  await bySsh(lab, 'keep_136', 'echo one >/root/which');
  expect(await bySsh(second, 'keep_136', 'cat /root/which')).toBe('two\n');
  expect((await haup(['lab', 'down', '--name', second])).code).toBe(0);
  expect(traces(second)).toEqual([]);
  expect(await bySsh(lab, 'keep_136', 'cat /root/which')).toBe('one\n');
});

/** What `up` makes, in this order: it is interrupted when it has just made one of them. */
const pieces = {
  'its lock': `${state(second)}.lock`,
  'its directory': state(second),
  'its switch': `/run/netns/haup.${second}`,
  'its overlay': `${state(second)}/overlay.yaml`,
  'its key': `${state(second)}/key.pub`,
  'a host': `${state(second)}/hosts/keep_136/host.json`,
  'its ssh_config': `${state(second)}/ssh_config`,
  'a boot': `${state(second)}/hosts/keep_137/console.log`,
} as const;
type Piece = keyof typeof pieces;

async function interrupted(when: Piece, signal: NodeJS.Signals): Promise<Run> {
  let waiting: Promise<void> = Promise.resolve();
  const run = await haup(['lab', 'up', '--name', second], {
    during: (pid) => {
      waiting = (async () => {
        while (!existsSync(pieces[when])) {
          // It may be over by now: then there is nothing left to interrupt, and that is said below.
          if (!existsSync(`/proc/${pid}`)) return;
          await sleep(1);
        }
        process.kill(pid, signal);
      })();
    },
  });
  await waiting;
  return run;
}
async function killedWith(when: Piece): Promise<void> {
  expect((await interrupted(when, 'SIGKILL')).code).toBe(137);
}

describe('a lab that is killed half way', () => {
  test.each(['its lock', 'its switch', 'its key', 'a boot'] as const)(
    'with %s made is completed by the next up',
    async (when) => {
      await killedWith(when);
      const made = await up(second);
      expect(made.stderr).not.toMatch(/Error/);
      expect(made.code).toBe(0);
      expect(await bySsh(second, 'keep_137', 'hostname')).toBe('keep_137\n');
      await haup(['lab', 'down', '--name', second]);
      expect(traces(second)).toEqual([]);
    },
  );

  test.each(['its directory', 'a host', 'its ssh_config', 'a boot'] as const)(
    'with %s made is removed by down',
    async (when) => {
      await killedWith(when);
      expect((await haup(['lab', 'down', '--name', second])).code).toBe(0);
      // A boot script that was starting just then finds nothing to boot.
      await eventually('nothing is left', () => traces(second).length === 0);
      await sleep(300);
      expect(traces(second)).toEqual([]);
    },
  );

  test('by Ctrl-C says so, and is completed by the next up', async () => {
    const stopped = await interrupted('its directory', 'SIGINT');
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toMatch(/INTERRUPTED/);
    expect((await up(second)).code).toBe(0);
    await haup(['lab', 'down', '--name', second]);
    expect(traces(second)).toEqual([]);
  });

  test('is removed by down also when its directory has gone', async () => {
    expect((await up(second)).code).toBe(0);
    rmSync(state(second), { recursive: true, force: true });
    expect(traces(second)).not.toEqual([]);
    expect((await haup(['lab', 'down', '--name', second])).code).toBe(0);
    expect(traces(second)).toEqual([]);
  });
});

test('down succeeds when there is no lab', async () => {
  expect((await haup(['lab', 'down', '--name', second])).code).toBe(0);
});

test('the keeper takes the lab down when its owner is killed, and the haup that made it is gone', async () => {
  const copy = scratchDirectory();
  for (const part of ['dist', 'package.json', 'inventory.example.yaml'])
    cpSync(join(root, part), join(copy, part), { recursive: true });
  const owner = spawn('sleep', ['600'], { stdio: 'ignore' });
  const words = ['lab', 'up', '--name', second, '--for-pid', String(owner.pid)];
  await promisify(execFile)(process.execPath, [join(copy, 'dist/bin.js'), ...words]);
  rmSync(copy, { recursive: true });
  owner.kill('SIGKILL');
  await eventually('taken down', () => traces(second).length === 0);
});

test('the keeper takes the lab down when its owner is killed', async () => {
  const owner = spawn('sleep', ['600'], { stdio: 'ignore' });
  expect((await haup(['lab', 'up', '--name', second, '--for-pid', String(owner.pid)])).code).toBe(0);
  await sleep(1500);
  expect((await haup(['lab', 'status', '--name', second])).code).toBe(0);
  owner.kill('SIGKILL');
  const start = performance.now();
  await eventually('taken down', () => traces(second).length === 0);
  figure(`lab gone after its owner was killed: ${((performance.now() - start) / 1000).toFixed(1)} s`);
});
