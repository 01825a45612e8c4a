// suite: measures
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FailoverReport } from '../../src/model/failover-shape.ts';
import type { VerifyReport } from '../../src/model/report.ts';
import { hangMs } from '../limits.ts';
import { eventually, figure, onHost, type Run, testLab } from './haup.ts';
import { measured } from './measured.ts';
import { all, graceLeftOn, type Kinds, openClients, rounds, wordsOf } from './open-clients.ts';
import { fast, ownLab, soak } from './own-lab.ts';

/** Connections that are open when a VIP moves: they live on, on the host that has given it up. */

const { lab, scratch, inventory, inLab, apply, well, fault } = ownLab(testLab('grace'));
const vip = '192.168.160.161';
const hosts = ['keep_136', 'keep_137'] as const;
const { clients, serveApp, stop } = openClients(lab);
let path = '';

const every = { ...all, http2posts: 10 };
/** What is said when a VIP has moved. */
const arrived = 'is held and answered by';

/** Of all some are between two connections: nginx closes one after 1,000 requests. */
const most =
  0.7 * (every.posts + every.downloads + every.uploads + every.idle + every.sockets + every.http2posts);

function expectNoneCut(kinds: Kinds): void {
  for (const [kind, { cut }] of Object.entries(kinds)) expect({ kind, cut }).toEqual({ kind, cut: [] });
  expect(kinds.posts).toMatchObject({ lost: 0 });
  expect(kinds.posts.done).toBeGreaterThan(every.posts * 20);
  expect(kinds.http2posts).toMatchObject({ lost: 0 });
  expect(kinds.http2posts.done).toBeGreaterThan(every.http2posts * 20);
  expect(kinds.downloads).toMatchObject({ done: every.downloads });
  expect(kinds.uploads).toMatchObject({ done: every.uploads });
  expect(kinds.sockets.open).toBe(every.sockets);
}

/** Moves while clients of every kind are connected, and expects that none of them notices. */
async function keeps(args: readonly string[]): Promise<Moved> {
  const open = clients(vip, every);
  await open.connected;
  const moved = await inLab([...args, path, '--yes', '--grace', '60', '--json'], {
    limitMs: hangMs(120_000),
    onStderr: (text) => {
      if (text.includes(arrived)) open.end();
    },
  });
  const report = JSON.parse(moved.stdout) as FailoverReport;
  const [grace] = report.vips.map((one) => one.grace);
  const kinds = await open.ended;
  figure(
    `${args.slice(0, 2).join(' ')}: ${grace?.open} connections open, ${wordsOf(kinds)}; grace ${grace?.afterMs} ms`,
  );
  expectNoneCut(kinds);
  expect(grace).toMatchObject({ cut: 0, why: null });
  expect(grace?.open).toBeGreaterThan(most);
  await nothingIsLeft();
  return { ...moved, report };
}

type Moved = Run & { readonly report: FailoverReport };

/** Once the VIP is back: what this machine could not measure is repeated. */
function expectInTime(moves: readonly Moved[]): void {
  for (const { code, stderr, report } of moves)
    measured(Math.max(...report.vips.map(({ stalledMs }) => stalledMs ?? 0)), () =>
      expect({ code, reasons: report.reasons }, stderr).toEqual({ code: 0, reasons: [] }),
    );
}

/** Rules, addresses, settings, records and timers of a grace, of which there are none. */
async function nothingIsLeft(): Promise<void> {
  for (const host of hosts) expect(await graceLeftOn(lab, host), host).toBe('');
}

beforeAll(async () => {
  const server = await serveApp();
  writeFileSync(
    join(scratch, 'http2.conf'),
    `server { listen 8081 http2; location / { proxy_pass http://${server}; } }\n`,
  );
  path = inventory(fast, (it) => {
    it['grace'] = 60;
    // Debian's nginx speaks HTTP/2; the example's build does not.
    Object.assign(it.nginx, {
      from: 'package',
      worker_connections: 4096,
      sites: [
        { name: 'app', proxy: [server] },
        { name: 'http2', file: 'http2.conf' },
      ],
    });
  });
  await apply(path);
});
afterAll(stop);

test.each(rounds)('failover and failback cut no connection, and leave nothing behind (%i)', async () => {
  expectInTime([await keeps(['failover', 'keep_136']), await keeps(['failback', 'keep_136'])]);
});

test.each(rounds)('neither does the drill drain, nor its way back (%i)', async () => {
  const away = clients(vip, every);
  await away.connected;
  const back: ReturnType<typeof clients>[] = [];
  const drilled = await inLab(
    ['verify', path, '--drill', 'drain', '--vip', vip, '--connections', '5', '--yes', '--json'],
    {
      limitMs: hangMs(200_000),
      onStderr: (text) => {
        if (text.includes(`${arrived} keep_137`)) {
          const open = clients(vip, every);
          back.push(open);
          void open.connected.then(() => away.end());
        }
        if (text.includes(`${arrived} keep_136`)) back[0]?.end();
      },
    },
  );
  const report = JSON.parse(drilled.stdout) as VerifyReport;
  const drill = report.vips[0]?.drills[0];
  const seen = [await away.ended, await back[0]?.ended];
  figure(
    `the drill drain: ${drill?.reasons.join('; ') || 'ok'}; ${seen.map((kinds) => kinds && wordsOf(kinds)).join(' | ')}`,
  );
  expect(drill, drilled.stderr).toMatchObject({ grace: { cut: 0, why: null } });
  expect(drill?.failback?.grace).toMatchObject({ cut: 0, why: null });
  expect(drill?.grace?.open).toBeGreaterThan(most);
  expect(drill?.failback?.grace?.open).toBeGreaterThan(most);
  expect(drill?.connections?.map(({ kind, open, kept }) => ({ kind, open, kept }))).toEqual(
    ['busy', 'idle', 'underway'].map((kind) => ({ kind, open: 5, kept: 5 })),
  );
  for (const kinds of seen) expectNoneCut(kinds as Kinds);
  await nothingIsLeft();
});

test('without a grace the drill drain cuts them, as every move does', async () => {
  const drilled = await well([
    'verify',
    path,
    '--drill',
    'drain',
    '--vip',
    vip,
    '--grace',
    '0',
    '--yes',
    '--json',
  ]);
  const [drill] = (JSON.parse(drilled.stdout) as VerifyReport).vips[0]?.drills ?? [];
  expect(drill?.grace).toBeUndefined();
  expect(drill?.connections?.find(({ kind }) => kind === 'busy')).toMatchObject({ kept: 0 });
  await nothingIsLeft();
});

// Once, and in a soak alone: a lab on a small machine has enough to do with it.
for (const many of soak > 0 ? [{ posts: 300, idle: 600, sockets: 100, everyMs: 500 }] : []) {
  test('a failover and a failback with 1,000 open connections', async () => {
    const moves: Moved[] = [];
    for (const args of [
      ['failover', 'keep_136'],
      ['failback', 'keep_136'],
    ]) {
      const open = clients(vip, many);
      await open.connected;
      const moved = await inLab([...args, path, '--yes', '--json'], {
        limitMs: hangMs(120_000),
        onStderr: (text) => text.includes(arrived) && open.end(),
      });
      const kinds = await open.ended;
      const report = JSON.parse(moved.stdout) as FailoverReport;
      const [{ grace } = {}] = report.vips;
      figure(
        `${args.join(' ')}: ${grace?.open} connections open, ${wordsOf(kinds)}; grace ${grace?.afterMs} ms`,
      );
      expect(grace).toMatchObject({ cut: 0, why: null });
      expect(grace?.open).toBeGreaterThan(950);
      for (const [kind, { cut, lost }] of Object.entries(kinds))
        expect({ kind, cut, lost }).toEqual({ kind, cut: [], lost: 0 });
      await nothingIsLeft();
      moves.push({ ...moved, report });
    }
    expectInTime(moves);
  });
}

test('status and verify see one holder while it lasts, and its end comes with the last connection', async () => {
  const open = clients(vip, { downloads: 2 });
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

test('other connections from the same ports, earlier or to another port, do not cut these', async () => {
  const sameports = { posts: 20, firstPort: 20_000 };
  const halfOpen = { posts: 5, firstPort: 20_020 };
  // A firewall has it follow connections; once it is gone, nothing tells of their end.
  await onHost(
    lab,
    'keep_137',
    `nft 'table ip earlier { chain input { type filter hook input priority 0; ct state established accept; }; }'`,
  );
  await well(['failover', 'keep_136', path, '--yes', '--grace', '0']);
  const earlier = clients(vip, sameports);
  await earlier.connected;
  await onHost(lab, 'keep_137', 'nft delete table ip earlier');
  earlier.end();
  expect((await earlier.ended).posts).toMatchObject({ lost: 0, cut: [] });
  // Of these, keep_137 never learns that they are over.
  const cut = clients(vip, halfOpen);
  await cut.connected;
  await well(['failback', 'keep_136', path, '--yes', '--grace', '0']);
  cut.end();
  await cut.ended;
  expect(await onHost(lab, 'keep_137', `ss -Htn state established src ${vip} | grep -c :2002`)).toBe('5\n');

  const open = clients(vip, { posts: sameports.posts + halfOpen.posts, firstPort: sameports.firstPort });
  await open.connected;
  const moved = await inLab(['failover', 'keep_136', path, '--yes'], {
    limitMs: hangMs(120_000),
    onStderr: (text) => {
      if (!text.includes(arrived)) return;
      // The same ports again, to another port of the VIP: these belong to the new holder.
      const others = clients(vip, { ...sameports, port: 8081 });
      void others.connected.then(() => {
        others.end();
        open.end();
      });
    },
  });
  expect((await open.ended).posts, moved.stderr).toMatchObject({ lost: 0, cut: [] });
  await well(['failback', 'keep_136', path, '--yes', '--grace', '0']);
  await nothingIsLeft();
});

test('what a move without a grace has cut is not waited for by the next, on either host', async () => {
  for (const command of ['failover', 'failback']) {
    const open = clients(vip, { idle: 5, uploads: 3 });
    await open.connected;
    await inLab([command, 'keep_136', path, '--yes', '--grace', '0']);
    open.end();
    await open.ended;
  }
  for (const command of ['failover', 'failback']) {
    const moved = await inLab([command, 'keep_136', path, '--yes', '--json']);
    const [{ grace } = {}] = (JSON.parse(moved.stdout) as FailoverReport).vips;
    figure(
      `${command} after one without a grace: ${grace?.open} connections open, grace ${grace?.afterMs} ms`,
    );
    // Those that haup has just ended itself may still be counted, but not until nginx is asked to close what is idle.
    expect(grace, moved.stderr).toMatchObject({ asked: 0, cut: 0, why: null });
  }
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

/** A failover whose haup is killed while it waits for connections. */
function killedInGrace(...options: readonly string[]): Promise<Run> {
  let killed = false;
  return inLab(['failover', 'keep_136', path, '--yes', ...options], {
    onStderr: (text, pid) => {
      if (killed || !text.includes('connections left')) return;
      killed = true;
      process.kill(pid, 'SIGKILL');
    },
  });
}

test('haup is killed in the middle: the hosts end the grace by themselves', async () => {
  const open = clients(vip, { downloads: 2 });
  await open.connected;
  const moved = await killedInGrace('--grace', '2');
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

test('a second operator is refused during a grace, and the first is not disturbed', async () => {
  const open = clients(vip, { downloads: 2 });
  await open.connected;
  const second: Promise<Run>[] = [];
  const moved = await inLab(['failover', 'keep_136', path, '--yes'], {
    onStderr: (text) => {
      if (!text.includes('connections left') || second.length > 0) return;
      second.push(inLab(['failback', 'keep_136', path, '--yes']).finally(open.end));
    },
    limitMs: hangMs(100_000),
  });
  expect(moved, moved.stderr).toMatchObject({ code: 0 });
  const [refused] = await Promise.all(second);
  expect(refused).toMatchObject({ code: 5 });
  expect(refused?.stderr.replace(/\s+/g, ' ')).toContain('haup failover keep_136');
  expect((await open.ended).downloads).toMatchObject({ done: 2, cut: [] });
  await well(['failback', 'keep_136', path, '--yes']);
  await nothingIsLeft();
});

test('a second operator who takes the VIP back in a grace without its haup cuts no connection, and leaves nothing of it', async () => {
  const open = clients(vip, { downloads: 2, posts: 5 });
  await open.connected;
  await killedInGrace();
  expect(await onHost(lab, 'keep_137', 'nft list tables')).toContain('haup_grace_');
  const taken = await inLab(['failback', 'keep_136', path, '--yes', '--lock-wait', '30', '--json']);
  const report = JSON.parse(taken.stdout) as FailoverReport;
  expect(report.after[0]?.holders, taken.stderr).toEqual(['keep_136']);
  expect(report.vips[0], taken.stderr).toMatchObject({ to: 'keep_136', lost: 0, grace: { why: null } });
  await nothingIsLeft();
  open.end();
  expect(await open.ended).toMatchObject({
    downloads: { done: 2, cut: [] },
    posts: { lost: 0, cut: [] },
  });
});

test('a proxied site keeps its connections to the application: each that it closes costs the host a port for a minute', async () => {
  const closed = async (): Promise<number> =>
    Number(await onHost(lab, 'keep_136', `ss -Htn state time-wait dport = :8080 | wc -l`));
  const before = await closed();
  const open = clients(vip, { posts: 100, path: '/slow' });
  await open.connected;
  open.end();
  const { posts } = await open.ended;
  const more = (await closed()) - before;
  figure(`${posts.done} requests of 100 clients: ${more} connections to the application closed`);
  expect(posts).toMatchObject({ lost: 0, cut: [] });
  expect(more).toBeLessThan(100);
});

test('connections on which nothing was asked are not waited for', async () => {
  const open = clients(vip, { reserve: 5 });
  await open.connected;
  await sleep(3_000);
  for (const command of ['failover', 'failback']) {
    const moved = await well([command, 'keep_136', path, '--yes', '--grace', '60', '--json']);
    expect((JSON.parse(moved.stdout) as FailoverReport).vips[0]?.grace).toMatchObject({ open: 0, cut: 0 });
  }
  await nothingIsLeft();
  open.end();
  await open.ended;
});

test('the new holder fails in the middle: the old one has the VIP again, and its connections go on', async () => {
  const open = clients(vip, { downloads: 2, sockets: 2 });
  await open.connected;
  const late: ReturnType<typeof clients>[] = [];
  const moved = await inLab(['failover', 'keep_136', path, '--yes'], {
    onStderr: (text) => {
      if (!text.includes('connections left') || late.length > 0) return;
      const other = clients(vip, { sockets: 3 });
      late.push(other);
      void other.connected.then(() => fault('keep_137', 'power-off'));
    },
    limitMs: hangMs(100_000),
  });
  expect(moved.code, moved.stderr).toBe(1);
  const [, kept, lost] =
    /keep_136 has it again: its (\d+) connections go on, and (\d+) connections to keep_137 were lost/.exec(
      moved.stdout.replace(/\s+/g, ' '),
    ) ?? [];
  // Those of the haup that was killed before are half-open yet.
  expect(Number(kept), moved.stdout).toBeGreaterThanOrEqual(4);
  expect(Number(lost), moved.stdout).toBeGreaterThanOrEqual(3);
  open.end();
  const kinds = await open.ended;
  expect(kinds.downloads).toMatchObject({ done: 2, cut: [] });
  expect(kinds.sockets).toMatchObject({ open: 2, cut: [] });
  figure(`new holder powered off in the grace: ${wordsOf(kinds)}; 3 with the new holder lost`);
  late[0]?.end();
  expect((await fault('keep_137', 'power-on')).code).toBe(0);
  await well(['failback', 'keep_136', path, '--yes']);
  await nothingIsLeft();
});
