// suite: measures
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { atOnce, changesLab, interval, inTurns, password, unicast, vrids } from './changes-lab.ts';
import { onHost, type Run, testLab } from './haup.ts';
import { type Edit, fast, soak } from './own-lab.ts';

// The lab that the other tests share keeps its peace.
const {
  lab,
  scratch,
  example,
  quick,
  inventory,
  inLab: runInLab,
  well,
  apply,
  pending,
  rollback,
  withoutLoss,
  begins,
  thereAndBack,
} = changesLab(testLab('changes'));
const times = Math.max(1, soak);

const inLab = (args: readonly string[], inside: Readonly<Record<string, string>> = {}): Promise<Run> =>
  runInLab(args, { inside });

interface Kept {
  readonly number: number;
  readonly why: string;
}
const kept = async (host: string): Promise<readonly Kept[]> => {
  const { stdout } = await well(['history', host, quick(), '--json']);
  return (JSON.parse(stdout) as { hosts: { states: Kept[] }[] }).hosts[0]?.states ?? [];
};
/** The number of the state before the last `changes` changes. */
const oldest = async (host: string, changes: number): Promise<number> =>
  (await kept(host))[changes]?.number ?? 0;

const another: Edit = (it) =>
  void it.vips.push({ address: '192.168.160.163', hosts: ['keep_137', 'keep_136'] });

const small: readonly (readonly [string, readonly Edit[], RegExp])[] = [
  ['nginx.conf changes', [(it) => void (it.nginx['worker_connections'] = 512)], /reload nginx/],
  ['the health check changes', [(it) => void (it.vrrp.check = { interval: 1, fall: 3 })], /interval 1/],
  [
    'advert_int and the password change',
    [interval, password],
    /at the same moment\n[^]*another password[^]*advert_int 1 → 2 s[^]*No request is lost/,
  ],
];

describe.each(Array.from({ length: times }, (_, at) => at + 1))('no request is lost (%i)', () => {
  test('while VRRP changes its version and its interval: the example with its own timers', async () => {
    await begins(quick());
    await withoutLoss('VRRP 3 → 2, advert_int 0.1 → 1 s', async () => {
      expect((await apply(example())).stdout).toMatch(atOnce);
    });
  });

  test.each(small)('while %s, and while that is rolled back', async (what, edits, made) => {
    await thereAndBack(what, example(), inventory(...edits), made);
  });

  test('while VRRP changes back', async () => {
    await withoutLoss('VRRP 2 → 3, advert_int 1 → 0.1 s', () => apply(quick()));
  });

  test('while a VIP is added and removed, and while each of these is rolled back', async () => {
    await begins(quick());
    await withoutLoss('a VIP is added', () => apply(inventory(fast, another)));
    await withoutLoss('a VIP is removed', () => apply(quick()));
    await withoutLoss('a VIP is removed, rolled back', () => rollback(quick()));
    expect(await onHost(lab, 'keep_137', 'ip -o addr')).toMatch(/192\.168\.160\.163/);
    const number = await oldest('keep_136', 2);
    await withoutLoss('a VIP is added, rolled back', () =>
      well(['rollback', quick(), '--to', String(number), '--yes']),
    );
    expect(await pending(quick())).toBe(0);
  });

  test('while VRIDs and multicast change: one host takes over while the other still holds', async () => {
    await thereAndBack('VRIDs, and unicast for multicast', quick(), inventory(fast, unicast, vrids), inTurns);
  });
});

test('the history says who changed what when, and a host goes back to a state of its own', async () => {
  const busy = inventory(fast, (it) => void (it.nginx['worker_connections'] = 700));
  await apply(busy);
  const [newest, ...others] = await kept('keep_137');
  expect(others).toHaveLength(4);
  expect(newest).toMatchObject({
    why: `haup apply ${busy}`,
    inventory: busy,
    changes: ['write the nginx configuration', 'reload nginx'],
  });
  await well(['rollback', 'keep_137', busy, '--to', String(newest?.number), '--yes']);
  const connections = 'grep -o "worker_connections [0-9]*" /usr/local/nginx/conf/nginx.conf';
  expect(await onHost(lab, 'keep_136', connections)).toBe('worker_connections 700\n');
  expect(await onHost(lab, 'keep_137', connections)).toBe('worker_connections 1024\n');
  const text = (await well(['history', 'keep_137', busy])).stdout;
  expect(text).toContain(`before haup rollback keep_137 --to ${newest?.number}\n`);
  expect(await onHost(lab, 'keep_136', 'stat -c "%a %U" /var/lib/haup/history')).toBe('700 root\n');
  await apply(quick());
});

describe('a plan that is saved', () => {
  const save = async (
    path: string,
    file: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<Run> => {
    const ran = await inLab(['plan', path, '-o', file], env);
    expect(ran.code).toBe(3);
    return ran;
  };
  const secret: Edit = (it) => {
    it.vrrp['version'] = 2;
    it.vrrp['advert_int'] = 1;
    it.vrrp['auth_pass'] = 'env:HAUP_SECRET';
    it.nginx['worker_connections'] = 600;
  };

  test('runs exactly as it was shown, once, without a secret in it', async () => {
    const file = join(scratch, 'plan.json');
    const secrets = { HAUP_SECRET: 'v3ry-53c' };
    const source = inventory(secret);
    await save(source, file, secrets);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).not.toMatch(/v3ry-53c|auth_pass 1111/);
    // It needs nothing but itself.
    rmSync(source);
    const other = await inLab(['apply', file, '--yes'], { HAUP_SECRET: 'another' });
    expect(other).toMatchObject({ code: 1, stderr: expect.stringMatching(/PLAN_STALE/) });
    const ran = await inLab(['apply', file, '--yes'], secrets);
    expect(ran).toMatchObject({ code: 0 });
    expect(await onHost(lab, 'keep_136', 'grep -h "v3ry-53c" /etc/keepalived/keepalived.conf | wc -l')).toBe(
      '2\n',
    );
    const again = await inLab(['apply', file, '--yes'], secrets);
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(/keepalived\.conf has changed[^]*PLAN_STALE/);
    await apply(quick());
  });

  test('stops when a host has moved since, and says in what; nothing is changed', async () => {
    const file = join(scratch, 'stale.json');
    await save(
      inventory(fast, (it) => void (it.nginx['worker_connections'] = 601)),
      file,
    );
    await onHost(lab, 'keep_137', 'systemctl disable nginx 2>/dev/null');
    const before = await onHost(lab, 'keep_136', 'ls -l --full-time /usr/local/nginx/conf/nginx.conf');
    const ran = await inLab(['apply', file, '--yes']);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/keep_137[^]*service nginx has changed/);
    expect(await onHost(lab, 'keep_136', 'ls -l --full-time /usr/local/nginx/conf/nginx.conf')).toBe(before);
    await onHost(lab, 'keep_137', 'systemctl enable nginx 2>/dev/null');
  });
});

describe('hooks', () => {
  const log = join(scratch, 'hooks.log');
  const note = `cat >> ${log}`;
  const hooked = (more: Record<string, unknown>, connections: number): string =>
    inventory(fast, (it) => {
      it.nginx['worker_connections'] = connections;
      it.hooks = more;
    });
  const told = (): { hook: string; host?: string; ok?: boolean }[] =>
    existsSync(log)
      ? readFileSync(log, 'utf8')
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as { hook: string })
      : [];

  test('are told in order, each host around its own turn; one that fails afterwards is a finding', async () => {
    const path = hooked(
      { before_apply: note, after_apply: `${note}; echo oh no; exit 9`, before_host: note, after_host: note },
      620,
    );
    const ran = await inLab(['apply', path, '--yes']);
    expect(ran.code).toBe(3);
    expect(ran.stdout).toMatch(/the hook after_apply failed with exit status 9/);
    expect(ran.stderr).toMatch(/after_apply: oh no/);
    expect(told().map(({ hook, host, ok }) => [hook, host, ok])).toEqual([
      ['before_apply', undefined, undefined],
      ['before_host', 'keep_136', undefined],
      ['after_host', 'keep_136', true],
      ['before_host', 'keep_137', undefined],
      ['after_host', 'keep_137', true],
      ['after_apply', undefined, true],
    ]);
  });

  test('one that fails before stops before anything is changed, and is named', async () => {
    const ran = await inLab(['apply', hooked({ before_apply: 'echo frozen; exit 1' }, 621), '--yes']);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/before_apply: frozen[^]*The hook before_apply failed with exit status 1/);
    expect(
      await onHost(lab, 'keep_136', 'grep -c "worker_connections 620" /usr/local/nginx/conf/nginx.conf'),
    ).toBe('1\n');
  });

  test('a failover has its own', async () => {
    rmSync(log, { force: true });
    const refused = await inLab([
      'failover',
      'keep_136',
      hooked({ before_failover: 'exit 1' }, 620),
      '--yes',
    ]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/The hook before_failover failed/);
    const path = hooked({ before_failover: note, after_failover: note }, 620);
    expect((await inLab(['failover', 'keep_136', path, '--yes'])).code).toBe(0);
    expect((await inLab(['failback', 'keep_136', path, '--yes'])).code).toBe(0);
    expect(told().map(({ hook, ok }) => [hook, ok])).toEqual([
      ['before_failover', undefined],
      ['after_failover', true],
      ['before_failover', undefined],
      ['after_failover', true],
    ]);
  });
});
