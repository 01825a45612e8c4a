// suite: measures
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSpec } from '../../src/lab/lab-state.ts';
import { defaultRoots, labPaths, switchAddress, switchNamespace } from '../../src/lab/names.ts';
import type { FailoverReport } from '../../src/model/report.ts';
import { hangMs } from '../limits.ts';
import { eventually, figure, onHost, type Run, testLab } from './haup.ts';
import { fast, ownLab } from './own-lab.ts';

/** Connections that are open when a VIP moves: they live on, on the host that has given it up. */

const { lab, scratch, inventory, inLab, apply, well } = ownLab(testLab('grace'));
const vip = '192.168.160.161';
const hosts = ['keep_136', 'keep_137'] as const;
const net = [`--net=/run/netns/${switchNamespace(lab)}`, '--'];
const running: (() => void)[] = [];
let path = '';

interface Kind {
  /** At the end, and how many ended in order, or were answered. */
  readonly open: number;
  readonly cut: readonly (readonly [ms: number, why: string])[];
  readonly closed: number;
  readonly done: number;
  readonly lost: number;
  readonly total: number;
}
type Kinds = Readonly<Record<'posts' | 'downloads' | 'uploads' | 'idle' | 'sockets' | 'http2posts', Kind>>;

interface Clients {
  /** Resolves when all are connected. */
  readonly connected: Promise<void>;
  /** They go on for 3 s, then transfers end at full speed, and the clients with them. */
  readonly end: () => void;
  /** What became of them. */
  readonly ended: Promise<Kinds>;
}

function clients(wanted: object): Clients {
  const child = spawn('nsenter', [
    ...net,
    process.execPath,
    join(import.meta.dirname, 'open-connections.mjs'),
    vip,
    JSON.stringify(wanted),
  ]);
  running.push(() => child.kill('SIGKILL'));
  let text = '';
  child.stdout.on('data', (bytes: Buffer) => (text += bytes.toString('utf8')));
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const line = async (index: number): Promise<string> => {
    await eventually(
      `line ${index} of the clients`,
      () => text.split('\n').length > index + 1,
      hangMs(60_000),
    );
    return text.split('\n')[index] ?? '';
  };
  return {
    connected: line(0).then(() => undefined),
    end: () => void child.stdin.write('end\n'),
    ended: line(1).then(async (said) => {
      await closed;
      return JSON.parse(said) as Kinds;
    }),
  };
}

const all = { posts: 50, downloads: 5, uploads: 5, idle: 10, sockets: 5, http2posts: 10 };
/** What is said when a VIP has moved. */
const arrived = 'is held and answered by';

/** Moves while clients of every kind are connected, and expects that none of them notices. */
async function keeps(args: readonly string[]): Promise<void> {
  const open = clients(all);
  await open.connected;
  const moved = await inLab([...args, path, '--yes', '--grace', '60', '--json'], {
    limitMs: hangMs(120_000),
    onStderr: (text) => {
      if (text.includes(arrived)) open.end();
    },
  });
  expect(moved, `${moved.stderr}${moved.stdout}`).toMatchObject({ code: 0 });
  const report = JSON.parse(moved.stdout) as FailoverReport;
  const [grace] = report.vips.map((one) => one.grace);
  const kinds = await open.ended;
  const said = Object.entries(kinds).map(
    ([kind, { cut, lost, total, done }]) => `${kind}: ${cut.length} cut, ${lost} lost of ${total || done}`,
  );
  figure(
    `${args.join(' ')}: ${grace?.open} connections open, ${said.join('; ')}; grace ${grace?.afterMs} ms`,
  );
  for (const [kind, seen] of Object.entries(kinds))
    expect({ kind, cut: seen.cut }).toEqual({ kind, cut: [] });
  expect(kinds.posts).toMatchObject({ lost: 0 });
  expect(kinds.posts.done).toBeGreaterThan(all.posts * 20);
  expect(kinds.http2posts).toMatchObject({ lost: 0 });
  expect(kinds.http2posts.done).toBeGreaterThan(all.http2posts * 20);
  expect(kinds.downloads).toMatchObject({ done: all.downloads });
  expect(kinds.uploads).toMatchObject({ done: all.uploads });
  expect(kinds.sockets.open).toBe(all.sockets);
  expect(grace).toMatchObject({ cut: 0, why: null });
  // Of the 85 some are between two connections: nginx closes one after 1,000 requests.
  expect(grace?.open).toBeGreaterThan(60);
}

/** Rules, addresses, settings, records and timers of a grace, of which there are none. */
async function nothingIsLeft(): Promise<void> {
  for (const host of hosts) {
    const said = await onHost(
      lab,
      host,
      `nft list ruleset; ip -o -4 addr show dev lo; cat /proc/sys/net/ipv4/conf/ens33/arp_ignore /proc/sys/net/ipv4/conf/ens33/arp_announce
ls /run/haup.grace; systemctl list-units --all --plain --no-legend 'haup-grace-*'`,
    );
    expect(said.replace(/ +/g, ' '), host).toBe(
      '1: lo inet 127.0.0.1/8 scope host lo\\ valid_lft forever preferred_lft forever\n0\n0\nlock\n',
    );
  }
}

beforeAll(async () => {
  for (const host of hosts) await onHost(lab, host, 'apt-get install -qq -y nftables');
  const spec = await readSpec(labPaths(defaultRoots, lab));
  if (spec === null) throw new Error('the lab is not up');
  const address = switchAddress(spec);
  const child = spawn('nsenter', [
    ...net,
    process.execPath,
    join(import.meta.dirname, 'app-server.mjs'),
    address,
    '8080',
  ]);
  running.push(() => child.kill('SIGKILL'));
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`the server of the tests ended with ${code}`)));
  });
  writeFileSync(
    join(scratch, 'http2.conf'),
    `server { listen 8081 http2; location / { proxy_pass http://${address}:8080; } }\n`,
  );
  path = inventory(fast, (it) => {
    // Debian's nginx speaks HTTP/2; the example's build does not.
    Object.assign(it.nginx, {
      from: 'package',
      sites: [
        { name: 'app', proxy: [`${address}:8080`] },
        { name: 'http2', file: 'http2.conf' },
      ],
    });
  });
  await apply(path);
});
afterAll(() => running.forEach((end) => end()));

test('failover and failback cut no connection, and leave nothing behind', async () => {
  await keeps(['failover', 'keep_136']);
  await nothingIsLeft();
  await keeps(['failback', 'keep_136']);
  await nothingIsLeft();
});

test('status and verify see one holder while it lasts, and its end comes with the last connection', async () => {
  const open = clients({ downloads: 2 });
  await open.connected;
  const seen: Promise<Run>[] = [];
  const moved = await inLab(['failover', 'keep_136', path, '--yes'], {
    onStderr: (text) => {
      if (!text.includes('connections left') || seen.length > 0) return;
      seen.push(inLab(['status', path]).finally(open.end));
    },
    limitMs: hangMs(100_000),
  });
  expect(moved, moved.stderr).toMatchObject({ code: 0 });
  expect(await Promise.all(seen)).toMatchObject([
    // That the host is drained is a finding, a second holder would be another.
    { code: 3, stdout: expect.stringMatching(/keep_136\s+still\s+serves\s+2\s+connections/) },
  ]);
  expect(await Promise.all(seen.map(async (one) => (await one).stdout))).not.toContain('split brain');
  expect((await open.ended).downloads).toMatchObject({ done: 2, cut: [] });
  expect(moved.stdout.replace(/\s+/g, ' ')).toContain(
    '2 connections to keep_136 were open; all ended by themselves within',
  );
  await well(['failback', 'keep_136', path, '--yes']);
  await nothingIsLeft();
});

test('a new holder without nft is said to reset connections, and the VIP moves all the same', async () => {
  await onHost(lab, 'keep_137', 'mv /usr/sbin/nft /usr/sbin/nft.aside');
  try {
    const moved = await well(['failover', 'keep_136', path, '--yes']);
    expect(moved.stdout.replace(/\s+/g, ' ')).toContain(
      `${vip}: open connections were reset (keep_137: it has no nft).`,
    );
  } finally {
    await onHost(lab, 'keep_137', 'mv /usr/sbin/nft.aside /usr/sbin/nft');
  }
  await well(['failback', 'keep_136', path, '--yes']);
  await nothingIsLeft();
});

test('haup is killed in the middle: the hosts end the grace by themselves', async () => {
  const open = clients({ downloads: 2 });
  await open.connected;
  let killed = false;
  const moved = await inLab(['failover', 'keep_136', path, '--yes', '--grace', '2'], {
    onStderr: (text, pid) => {
      if (killed || !text.includes('connections left')) return;
      killed = true;
      process.kill(pid, 'SIGKILL');
    },
  });
  expect(moved.code).toBe(137);
  expect(await onHost(lab, 'keep_137', 'nft list tables')).toContain('haup_grace_');
  await eventually(
    'the hosts end it',
    async () => (await onHost(lab, 'keep_137', 'nft list tables; ls /run/haup.grace')) === 'lock\n',
    hangMs(60_000),
  );
  open.end();
  await open.ended;
  await well(['failback', 'keep_136', path, '--yes', '--grace', '0']);
  await nothingIsLeft();
});
