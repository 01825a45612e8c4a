// suite: measures
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { FailoverReport } from '../../src/model/failover-shape.ts';
import type { VerifyReport } from '../../src/model/report.ts';
import { hangMs } from '../limits.ts';
import { arrived, graceLab } from './grace-lab.ts';
import { figure, onHost, type Run, testLab } from './haup.ts';
import { measured } from './measured.ts';
import { all, type Kinds, rounds, wordsOf } from './open-clients.ts';
import { soak } from './own-lab.ts';

/** Connections that are open when a VIP moves: they live on, on the host that has given it up. */

const { lab, vip, inventory, inLab, well, clients, nothingIsLeft } = graceLab(testLab('grace'));
const every = { ...all, http2posts: 10 };
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
  const moved = await inLab([...args, inventory(), '--yes', '--grace', '60', '--json'], {
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

test.each(rounds)('failover and failback cut no connection, and leave nothing behind (%i)', async () => {
  expectInTime([await keeps(['failover', 'keep_136']), await keeps(['failback', 'keep_136'])]);
});

test.each(rounds)('neither does the drill drain, nor its way back (%i)', async () => {
  const away = clients(vip, every);
  await away.connected;
  const back: ReturnType<typeof clients>[] = [];
  const drilled = await inLab(
    ['verify', inventory(), '--drill', 'drain', '--vip', vip, '--connections', '5', '--yes', '--json'],
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
    inventory(),
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
      const moved = await inLab([...args, inventory(), '--yes', '--json'], {
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
  const moved = await inLab(['failover', 'keep_136', inventory(), '--yes'], {
    onStderr: (text) => {
      if (!text.includes('connections left') || seen.length > 0) return;
      seen.push(inLab(['status', inventory()]).finally(open.end));
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
  await well(['failback', 'keep_136', inventory(), '--yes']);
  await nothingIsLeft();
});

test('a second operator is refused during a grace, and the first is not disturbed', async () => {
  const open = clients(vip, { downloads: 2 });
  await open.connected;
  const second: Promise<Run>[] = [];
  const moved = await inLab(['failover', 'keep_136', inventory(), '--yes'], {
    onStderr: (text) => {
      if (!text.includes('connections left') || second.length > 0) return;
      second.push(inLab(['failback', 'keep_136', inventory(), '--yes']).finally(open.end));
    },
    limitMs: hangMs(100_000),
  });
  expect(moved, moved.stderr).toMatchObject({ code: 0 });
  const [refused] = await Promise.all(second);
  expect(refused).toMatchObject({ code: 5 });
  expect(refused?.stderr.replace(/\s+/g, ' ')).toContain('haup failover keep_136');
  expect((await open.ended).downloads).toMatchObject({ done: 2, cut: [] });
  await well(['failback', 'keep_136', inventory(), '--yes']);
  await nothingIsLeft();
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
    const moved = await well([command, 'keep_136', inventory(), '--yes', '--grace', '60', '--json']);
    expect((JSON.parse(moved.stdout) as FailoverReport).vips[0]?.grace).toMatchObject({ open: 0, cut: 0 });
  }
  await nothingIsLeft();
  open.end();
  await open.ended;
});
