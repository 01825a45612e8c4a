// suite: measures, all
import type { FailoverReport } from '../../src/model/failover-shape.ts';
import { expect, test } from 'vitest';
import { hangMs } from '../limits.ts';
import { arrived, graceLab } from './grace-lab.ts';
import { eventually, figure, onHost, type Run, testLab } from './haup.ts';
import { wordsOf } from './open-clients.ts';

/** What comes between while connections live on where they were: other connections, haup killed, a host without power. */

const { lab, vip, inventory, inLab, well, fault, clients, nothingIsLeft } = graceLab(testLab('grace-rivals'));

/** A failover whose haup is killed while it waits for connections. */
function killedInGrace(...options: readonly string[]): Promise<Run> {
  let killed = false;
  return inLab(['failover', 'keep_136', inventory(), '--yes', ...options], {
    onStderr: (text, pid) => {
      if (killed || !text.includes('connections left')) return;
      killed = true;
      process.kill(pid, 'SIGKILL');
    },
  });
}

test('other connections from the same ports, earlier or to another port, do not cut these', async () => {
  const sameports = { posts: 20, firstPort: 20_000 };
  const halfOpen = { posts: 5, firstPort: 20_020 };
  // A firewall has it follow connections; once it is gone, nothing tells of their end.
  await onHost(
    lab,
    'keep_137',
    `nft 'table ip earlier { chain input { type filter hook input priority 0; ct state established accept; }; }'`,
  );
  await well(['failover', 'keep_136', inventory(), '--yes', '--grace', '0']);
  const earlier = clients(vip, sameports);
  await earlier.connected;
  await onHost(lab, 'keep_137', 'nft delete table ip earlier');
  earlier.end();
  expect((await earlier.ended).posts).toMatchObject({ lost: 0, cut: [] });
  // Of these, keep_137 never learns that they are over.
  const cut = clients(vip, halfOpen);
  await cut.connected;
  await well(['failback', 'keep_136', inventory(), '--yes', '--grace', '0']);
  cut.end();
  await cut.ended;
  expect(await onHost(lab, 'keep_137', `ss -Htn state established src ${vip} | grep -c :2002`)).toBe('5\n');

  const open = clients(vip, { posts: sameports.posts + halfOpen.posts, firstPort: sameports.firstPort });
  await open.connected;
  const moved = await inLab(['failover', 'keep_136', inventory(), '--yes'], {
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
  await well(['failback', 'keep_136', inventory(), '--yes', '--grace', '0']);
  await nothingIsLeft();
});

test('what a move without a grace has cut is not waited for by the next, on either host', async () => {
  for (const command of ['failover', 'failback']) {
    const open = clients(vip, { idle: 5, uploads: 3 });
    await open.connected;
    await inLab([command, 'keep_136', inventory(), '--yes', '--grace', '0']);
    open.end();
    await open.ended;
  }
  for (const command of ['failover', 'failback']) {
    const moved = await inLab([command, 'keep_136', inventory(), '--yes', '--json']);
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
    const moved = await well(['failover', 'keep_136', inventory(), '--yes']);
    expect(moved.stdout.replace(/\s+/g, ' ')).toContain(
      `${vip}: open connections were reset (keep_137: it has no nft).`,
    );
  } finally {
    await onHost(lab, 'keep_137', 'mv /usr/sbin/nft.aside /usr/sbin/nft');
  }
  await well(['failback', 'keep_136', inventory(), '--yes']);
  await nothingIsLeft();
});

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
  await well(['failback', 'keep_136', inventory(), '--yes', '--grace', '0']);
  await nothingIsLeft();
});

test('a second operator who takes the VIP back in a grace without its haup cuts no connection, and leaves nothing of it', async () => {
  const open = clients(vip, { downloads: 2, posts: 5 });
  await open.connected;
  await killedInGrace();
  expect(await onHost(lab, 'keep_137', 'nft list tables')).toContain('haup_grace_');
  const taken = await inLab(['failback', 'keep_136', inventory(), '--yes', '--lock-wait', '30', '--json']);
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

test('the new holder fails in the middle: the old one has the VIP again, and its connections go on', async () => {
  const open = clients(vip, { downloads: 2, sockets: 2 });
  await open.connected;
  const late: ReturnType<typeof clients>[] = [];
  const moved = await inLab(['failover', 'keep_136', inventory(), '--yes'], {
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
  await well(['failback', 'keep_136', inventory(), '--yes']);
  await nothingIsLeft();
});
