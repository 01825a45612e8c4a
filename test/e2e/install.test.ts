// suite: measures, all
import { beforeAll, describe, expect, test } from 'vitest';
import { figure, onHost, type Run, testLab } from './haup.ts';
import { inOrder } from './in-order.ts';
import { newerNginx } from './newer.ts';
import { type Edit, fast, ownLab } from './own-lab.ts';

// What is installed changes all the time here: the lab that the other tests share keeps its peace.
const {
  lab,
  inventory: written,
  inLab,
  well,
  withoutLoss,
} = ownLab(testLab('install'), { installed: false });

/** With adverts ten times as fast, so that no test waits for VRRP. */
const inventory = (change: Edit = () => undefined): string => written(fast, change);
const toPackages: Edit = (it) => {
  for (const software of [it.keepalived, it.nginx]) software['from'] = 'package';
};
const apply = (path: string, ...more: string[]): Promise<Run> => well(['apply', path, '--yes', ...more]);

const onBoth = async (command: string): Promise<readonly string[]> =>
  Promise.all(['keep_136', 'keep_137'].map((host) => onHost(lab, host, command)));

/** Every file outside of logs, caches and what runs: kind, mode, owner, path, digest. */
const snapshot = (host: string): Promise<string> =>
  onHost(
    lab,
    host,
    `skip='( ${['/proc', '/sys', '/dev', '/run', '/tmp', '/var/tmp', '/var/log', '/var/cache', '/srv/haup'].map((path) => `-path ${path}`).join(' -o ')} ) -prune -o'
set -f
find / -xdev $skip ! -type f -printf '%y %m %u:%g %p %l\\n'
find / -xdev $skip -type f -printf '%y %m %u:%g %p\\n'
find / -xdev $skip -type f -print0 | xargs -0 sha256sum`,
  );
const added = (before: string, after: string): readonly string[] => {
  const known = new Set(before.split('\n'));
  return after.split('\n').filter((line) => !known.has(line));
};

describe('a life of two hosts', () => {
  inOrder();
  let bare = '';
  let source = '';
  beforeAll(() => {
    source = inventory();
  });

  test('another package run is waited for up to the limit, and named', async () => {
    const hold = () =>
      onHost(
        lab,
        'keep_137',
        `setsid perl -e 'use Fcntl; open(F, ">>", "/var/lib/dpkg/lock-frontend"); my $l = pack("s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0); fcntl(F, F_SETLK, $l) or die; sleep 6000' >/dev/null 2>&1 </dev/null &
echo $! >/run/other-run; until grep -q " $!" /proc/locks; do sleep 0.1; done`,
      );
    await hold();
    const impatient = inventory((it) => void (it['packages'] = { lock_wait: 2 }));
    const run = await inLab(['apply', impatient, '--limit', 'keep_137', '--yes']);
    expect(run.code).toBe(1);
    const said = run.stderr.replace(/\n {2,}/g, ' ');
    expect(said).toMatch(/Error on keep_137: Another package run on the host has not ended within 2 s/);
    expect(said).toMatch(/Error: process \d+ \(perl -e .*\), which runs for \d+ s, holds \/var\/lib\/dpkg/);
    await onHost(lab, 'keep_137', 'kill $(cat /run/other-run)');
    await hold();
  });

  test('an init script is refused where no functions for it can be had', async () => {
    const { code, stderr } = await inLab([
      'plan',
      inventory((it) => void (it.keepalived['service'] = 'sysv')),
    ]);
    expect(code).toBe(1);
    expect(stderr.replace(/\n {2,}/g, ' ')).toMatch(
      /Error on keep_136 and keep_137: \/etc\/rc\.d\/init\.d\/functions is missing.* has no package of it: set keepalived\.service: systemd/,
    );
  });

  test('from bare to serving from source', async () => {
    // A clone where people put clones, and a group that a package or a person has made.
    await onHost(
      lab,
      'keep_136',
      'groupadd --system nginx; mkdir -p /usr/local/src/haup; echo mine > /usr/local/src/haup/README',
    );
    bare = await snapshot('keep_136');
    let [heard, released] = ['', false];
    const { ms, stderr } = await well(['apply', source, '--yes'], {
      onStderr: (text) => {
        heard += text;
        if (released || !heard.includes('waiting for another package run')) return;
        released = true;
        void onHost(lab, 'keep_137', 'kill $(cat /run/other-run)');
      },
    });
    expect(stderr).toMatch(
      /\[keep_137\] waiting for another package run: process \d+ \(perl .*\), which runs for \d+ s, holds \/var\/lib\/dpkg\/lock-frontend; for 180 s at most/,
    );
    expect(stderr).toMatch(/\[keep_137\] the other package run has ended/);
    figure(`apply on two bare hosts: ${(ms / 1000).toFixed(1)} s`);
  });

  /** One nginx and one keepalived, which run and start at boot. */
  async function runsFrom(where: string): Promise<void> {
    for (const said of await onBoth(
      `ls -d /usr/sbin/nginx /usr/sbin/keepalived /usr/local/nginx/sbin/nginx /usr/local/keepalived/sbin/keepalived 2>/dev/null
for s in nginx keepalived; do readlink /proc/$(systemctl show -p MainPID --value $s)/exe; done
systemctl is-enabled nginx keepalived; ls /usr/sbin/policy-rc.d 2>/dev/null; true`,
    )) {
      const lines = said.trim().split('\n');
      expect(lines).toHaveLength(6);
      expect(lines.slice(0, 4).every((line) => line.startsWith(where))).toBe(true);
      expect(lines.slice(4)).toEqual(['enabled', 'enabled']);
    }
  }

  test('to packages without losing a request, and by rollback to the build that was there', async () => {
    const packaged = inventory(toPackages);
    await withoutLoss('to packages', async () => void (await apply(packaged)));
    await runsFrom('/usr/sbin');
    expect((await inLab(['plan', packaged])).code).toBe(0);
    await withoutLoss('rolled back to source', async () => {
      const back = await inLab(['rollback', packaged, '--yes']);
      expect(`${back.code} ${back.stderr}`).toMatch(/^0 /);
      expect(back.stderr).not.toMatch(/\.\/configure|make/);
    });
    for (const said of await onBoth(
      'for s in nginx keepalived; do readlink /proc/$(systemctl show -p MainPID --value $s)/exe; done',
    ))
      expect(said).toBe('/usr/local/nginx/sbin/nginx\n/usr/local/keepalived/sbin/keepalived\n');
    await withoutLoss('to packages again', async () => void (await apply(packaged)));
    await runsFrom('/usr/sbin');
  });

  test('to source without losing a request; the packages are gone, and a rollback says so', async () => {
    await withoutLoss('to source', async () => void (await apply(source)));
    await runsFrom('/usr/local');
    expect((await inLab(['plan', source])).code).toBe(0);
    const { code, stderr } = await inLab(['rollback', source, '--yes']);
    expect(code).toBe(1);
    expect(stderr.replace(/\s+/g, ' ')).toMatch(
      /was a package, which is not installed.*apply the inventory of that time/,
    );
  });

  test('to a newer nginx without losing a request, and not back unless it is said', async () => {
    const newer = newerNginx();
    if (newer === null) figure('no second version of nginx can be had by apt: other options in its place');
    const path = inventory((it) => {
      if (newer === null) it.nginx.configure.push('--with-http_realip_module');
      else Object.assign(it.nginx, { ...newer, path: undefined, urls: [`file://${newer.path}`] });
    });
    // Compiled beforehand: what is measured is the change of a pair that serves.
    await withoutLoss(
      `to nginx ${newer?.version ?? 'with another option'}`,
      async () => void (await apply(path)),
    );
    const said = await onBoth(
      '/usr/local/nginx/sbin/nginx -V 2>&1; readlink /proc/$(cat /run/nginx.pid)/exe',
    );
    for (const one of said) {
      expect(one).toContain(newer === null ? '--with-http_realip_module' : `nginx/${newer.version}`);
      expect(one).toMatch(/^\/usr\/local\/nginx\/sbin\/nginx$/m);
    }
    if (newer !== null) {
      const refused = await inLab(['apply', source, '--yes']);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(/DOWNGRADE_REFUSED/);
      expect(refused.stderr).toMatch(/--allow-downgrade/);
      expect(await onBoth('/usr/local/nginx/sbin/nginx -v 2>&1')).toEqual(
        Array(2).fill(`nginx version: nginx/${newer.version}\n`),
      );
    }
    await withoutLoss('and back', async () => void (await apply(source, '--allow-downgrade')));
  });

  test('uninstall of one host moves its VIPs without losing a request', async () => {
    await withoutLoss('one host removed', async () => {
      const ran = await inLab(['uninstall', source, '--host', 'keep_136', '--packages', '--yes']);
      expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining('haup is gone from keep_136.') });
    });
  });

  test('and leaves the host as it was found, but for what apt itself keeps', async () => {
    const after = await snapshot('keep_136');
    const own =
      /\/(passwd|group|shadow|gshadow)-$|\/etc\/ld\.so\.cache$|\/var\/lib\/(dpkg|ucf|apt|systemd)\/|\/var\/www(\/| )/;
    expect(added(bare, after).filter((line) => !own.test(line))).toEqual([]);
    expect(added(after, bare).filter((line) => !own.test(line))).toEqual([]);
    expect(after).not.toMatch(/haup-|\/var\/lib\/haup|keepalived/);
  });

  test('a second uninstall has nothing to do; the other host is removed too', async () => {
    const again = await inLab(['uninstall', source, '--limit', 'keep_136', '--yes']);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Nothing to do/m) });
    const refused = await inLab(['uninstall', source]);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/--yes/) });
    const { code } = await inLab(['uninstall', source, '--yes']);
    expect(code).toBe(0);
    expect(await onHost(lab, 'keep_137', 'ls -d /var/lib/haup /usr/local/nginx 2>/dev/null; true')).toBe('');
  });
});
