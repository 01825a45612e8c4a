// suite: measures
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hangMs } from '../limits.ts';
import { figure, testLab } from './haup.ts';
import { inOrder } from './in-order.ts';
import { measured } from './measured.ts';
import { all, graceLeftOn, type Kinds, openClients, wordsOf } from './open-clients.ts';
import { fast, keepalivedOption, nginxOption, ownLab } from './own-lab.ts';

/** Connections that are open while hosts are changed: each lives on until it ends, and then its host is restarted. */

const { lab, inventory, inLab, apply, underLoad } = ownLab(testLab('change-graces'));
const vip = '192.168.160.161';
const hosts = ['keep_136', 'keep_137'] as const;
const { clients, serveApp, stop } = openClients(lab);
let paths: readonly string[] = [];

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
  const seen = [await away.ended, await back[0]?.ended];
  const graces = done.stderr.match(/all \d+ connections to \S+ ended within \S+ s/g) ?? [];
  figure(`${what}: ${graces.join(', ')}; ${seen.map((kinds) => kinds && wordsOf(kinds)).join(' | ')}`);
  for (const kinds of seen) {
    if (kinds === undefined) throw new Error(`no VIP moved: ${done.stderr}`);
    expectNoneCut(kinds);
  }
  expect(graces).toHaveLength(2);
  for (const host of hosts) expect(await graceLeftOn(lab, host), host).toBe('');
}

beforeAll(async () => {
  const server = await serveApp();
  const site = (it: { nginx: Record<string, unknown> }): void =>
    void (it.nginx['sites'] = [{ name: 'app', proxy: [server] }]);
  paths = [
    inventory(fast, site),
    inventory(fast, site, keepalivedOption),
    inventory(fast, site, keepalivedOption, nginxOption),
  ];
  await apply(paths[0] ?? '');
});
afterAll(stop);

inOrder();

test('another keepalived cuts no connection', () => keeps('another keepalived', ['apply', paths[1] ?? '']));

test('another nginx cuts no connection', () => keeps('another nginx', ['apply', paths[2] ?? '']));

test('neither does the way back', () => keeps('the rollback', ['rollback', paths[2] ?? '']));

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
