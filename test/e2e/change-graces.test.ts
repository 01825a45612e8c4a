// suite: measures
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hangMs } from '../limits.ts';
import { figure, onHost, testLab } from './haup.ts';
import { inOrder } from './in-order.ts';
import { measured } from './measured.ts';
import { builtFrom, newerNginx } from './newer.ts';
import { all, graceLeftOn, type Kinds, openClients, rounds, wordsOf } from './open-clients.ts';
import { type Edit, fast, keepalivedOption, nginxOption, ownLab, soak } from './own-lab.ts';

/** Connections that are open while hosts are changed: each lives on until it ends, and then its host is restarted. */

const { lab, inventory, inLab, apply, well, underLoad } = ownLab(testLab('change-graces'));
const vip = '192.168.160.161';
const hosts = ['keep_136', 'keep_137'] as const;
const { clients, serveApp, stop } = openClients(lab);
let paths: readonly string[] = [];
/** The example with a proxied site, changed. */
let withSite: (...edits: readonly Edit[]) => string = () => '';

function expectNoneCut(kinds: Kinds): void {
  for (const [kind, { cut, lost }] of Object.entries(kinds))
    expect({ kind, cut, lost }).toEqual({ kind, cut: [], lost: 0 });
  expect(kinds.downloads).toMatchObject({ done: all.downloads });
  expect(kinds.uploads).toMatchObject({ done: all.uploads });
  expect(kinds.sockets.open).toBe(all.sockets);
}

/** What is on the old holder goes on while the VIP moves away, and what is on the new one while it comes back. */
async function keeps(what: string, args: readonly string[]): Promise<void> {
  const away = clients(vip, all);
  await away.connected;
  const back: ReturnType<typeof clients>[] = [];
  const done = await inLab([...args, '--yes'], {
    limitMs: hangMs(600_000),
    onStderr: (text) => {
      if (back.length === 0 && text.includes(`${vip}: `) && text.includes('left on keep_136')) {
        const open = clients(vip, all);
        back.push(open);
        void open.connected.then(() => away.end());
      }
      if (text.includes(`${vip}: `) && text.includes('left on keep_137')) back[0]?.end();
    },
  });
  expect(done, done.stderr).toMatchObject({ code: 0 });
  const graces = done.stderr.match(/all \d+ connections to \S+ ended within \S+ s/g) ?? [];
  // Without them nothing tells the clients to end.
  expect(graces, done.stderr).toHaveLength(2);
  const seen = [await away.ended, await back[0]?.ended];
  figure(`${what}: ${graces.join(', ')}; ${seen.map((kinds) => kinds && wordsOf(kinds)).join(' | ')}`);
  for (const kinds of seen) {
    if (kinds === undefined) throw new Error(`no VIP moved: ${done.stderr}`);
    expectNoneCut(kinds);
  }
  for (const host of hosts) expect(await graceLeftOn(lab, host), host).toBe('');
}

beforeAll(async () => {
  const server = await serveApp();
  const site: Edit = (it) => {
    it['grace'] = 60;
    it.nginx['sites'] = [{ name: 'app', proxy: [server] }];
  };
  withSite = (...edits) => inventory(fast, site, ...edits);
  paths = [withSite(), withSite(keepalivedOption), withSite(keepalivedOption, nginxOption)];
  await apply(paths[0] ?? '');
});
afterAll(stop);

describe.each(rounds)('no connection is cut (%i)', () => {
  inOrder();

  test('by another keepalived', async () => {
    await well(['apply', paths[0] ?? '', '--yes', '--grace', '0']);
    await keeps('another keepalived', ['apply', paths[1] ?? '']);
  });

  test('by another nginx', () => keeps('another nginx', ['apply', paths[2] ?? '']));

  test('by the way back', () => keeps('the rollback', ['rollback', paths[2] ?? '']));

  for (const newer of soak > 0 ? [newerNginx()] : []) {
    test('by an upgrade of nginx', async () => {
      if (newer === null) throw new Error('apt knows no second version of nginx');
      await keeps(`nginx ${newer.version}`, ['apply', withSite(keepalivedOption, builtFrom(newer))]);
      await well(['apply', paths[1] ?? '', '--yes', '--grace', '0', '--allow-downgrade']);
    });
  }

  test('by a change of one host alone, whose VIPs go to one that is left out', async () => {
    await well(['apply', paths[1] ?? '', '--yes', '--grace', '0']);
    await keeps('keepalived of one host', ['apply', paths[0] ?? '', '--limit', 'keep_136']);
    await well(['apply', paths[1] ?? '', '--yes', '--grace', '0']);
  });

  test('by a reload, of those with a request under way', async () => {
    await reloaded('nginx.conf changes', keepalivedOption);
    await well(['apply', paths[1] ?? '', '--yes']);
  });
});

/** nginx is reloaded, by an apply that changes its configuration. Nothing under way is cut. */
async function reloaded(what: string, ...edits: readonly Edit[]): Promise<Kinds> {
  const open = clients(vip, all);
  await open.connected;
  await apply(withSite(...edits, (it) => void (it.nginx['worker_connections'] = 700)));
  open.end();
  const kinds = await open.ended;
  figure(`${what}: ${wordsOf(kinds)}`);
  const { downloads, uploads, sockets } = kinds;
  expect(downloads).toMatchObject({ done: all.downloads, cut: [] });
  expect(uploads).toMatchObject({ done: all.uploads, cut: [] });
  expect(sockets).toMatchObject({ open: all.sockets, cut: [] });
  return kinds;
}

/** How many keep-alive POSTs are lost while nginx is reloaded so often. */
async function reloads(what: string, count: number): Promise<Kinds['posts']> {
  const open = clients(vip, { posts: 50, everyMs: 40 });
  await open.connected;
  await onHost(lab, 'keep_136', `for i in $(seq ${count}); do systemctl reload nginx; sleep 1; done`);
  open.end();
  const { posts } = await open.ended;
  figure(`${count} reloads of ${what}: ${posts.lost} of ${posts.total} POSTs lost`);
  return posts;
}

for (const newest of soak > 0 ? [newerNginx('testing')] : []) {
  test('100 reloads of nginx of this distribution: how many POSTs they cost', async () => {
    await well(['apply', paths[1] ?? '', '--yes', '--grace', '0']);
    expect((await reloads('nginx of this distribution', 100)).total).toBeGreaterThan(10_000);
  });

  describe('nginx 1.27.4 or newer', () => {
    const edits = newest === null ? [] : [keepalivedOption, builtFrom(newest)];
    let path = '';
    beforeAll(() => {
      if (newest === null)
        throw new Error(
          'apt brings no nginx of Debian testing: put its tarball into /var/cache/haup/tarballs/newest',
        );
      path = withSite(...edits);
    });
    afterAll(() => well(['apply', paths[1] ?? '', '--yes', '--grace', '0', '--allow-downgrade']));

    test('loses no POST to 100 reloads', async () => {
      await well(['apply', path, '--yes', '--grace', '0']);
      expect(await reloads(`nginx ${newest?.version}`, 100)).toMatchObject({ lost: 0, cut: [] });
    });

    test.each(rounds)('loses none when its configuration changes (%i)', async () => {
      await well(['apply', path, '--yes', '--grace', '0']);
      const { posts } = await reloaded(`nginx.conf of ${newest?.version} changes`, ...edits);
      expect(posts).toMatchObject({ lost: 0, cut: [] });
    });
  });
}

test('a plan says how long it can take, and for whom connections are not kept', async () => {
  const planned = await inLab(['plan', paths[2] ?? '', '--grace', '45']);
  expect(planned.code).toBe(3);
  expect(planned.stdout.replace(/\s+/g, ' ')).toContain(
    'Open connections live on for up to 45 s when a VIP moves, 4 times: this can take up to 3 min longer.',
  );
  const none = await inLab(['plan', paths[2] ?? '', '--grace', '0']);
  expect(none.stdout).not.toContain('Open connections');
});

test('with no connection open nothing is waited for', async () => {
  await well(['apply', paths[1] ?? '', '--yes', '--grace', '0']);
  const seen: string[] = [];
  for (const grace of ['60', '0']) {
    const load = await underLoad(`restart of nginx, a grace of ${grace} s`, async () => {
      const done = await inLab(['service', 'restart', 'nginx', paths[1] ?? '', '--yes', '--grace', grace]);
      expect(done, done.stderr).toMatchObject({ code: 0 });
    });
    measured(load.stalledMs, () => expect(load.never).toBe(0));
    seen.push(`${grace} s: ${Math.round(load.ms)} ms`);
  }
  figure(`service restart nginx with new connections only, four moves, by grace: ${seen.join(', ')}`);
});
