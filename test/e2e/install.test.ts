import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { figure, haup, inLab, onHost, root, type Run } from './haup.ts';
import { startLoad } from './load.ts';

// What is installed changes all the time here: the lab that the other tests share keeps its peace.
const lab = 'haup-test-install';
const vips = ['192.168.160.161', '192.168.160.162'];
const scratch = mkdtempSync(join(tmpdir(), 'haup-e2e-install-'));

/** The example with adverts ten times as fast, so that no test waits for VRRP. */
const quick = readFileSync(join(root, 'inventory.example.yaml'), 'utf8')
  .replace(/^ {2}auth_pass: .*$/m, '  version: 3\n  advert_int: 0.1')
  .replace(/^ {2}priorities: .*$/m, '  check: { interval: 1 }');
let files = 0;
function inventory(...changes: readonly (readonly [string | RegExp, string])[]): string {
  const text = changes.reduce((all, [from, to]) => {
    const next = all.replace(from, to);
    if (next === all) throw new Error(`nothing to replace: ${String(from)}`);
    return next;
  }, quick);
  const path = join(scratch, `${files++}.yaml`);
  writeFileSync(path, text);
  return path;
}
const source = inventory();
const packaged = inventory([/from: source/g, 'from: package']);

const apply = async (path: string, ...more: string[]): Promise<Run> => {
  const ran = await inLab(lab, ['apply', path, '--yes', ...more]);
  if (ran.code !== 0)
    throw new Error(`apply ended with ${ran.code}\n${ran.stdout.slice(-2000)}${ran.stderr}`);
  return ran;
};
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

beforeAll(async () => {
  const up = await haup(['lab', 'up', '--name', lab, '--yes', '--for-pid', String(process.pid)]);
  if (up.code !== 0) throw new Error(up.stderr);
});
afterAll(async () => {
  rmSync(scratch, { recursive: true });
  await haup(['lab', 'down', '--name', lab]);
});

describe('a life of two hosts', () => {
  let bare = '';

  test('from bare to serving from source', async () => {
    bare = await snapshot('keep_136');
    const { ms } = await apply(source);
    figure(`apply on two bare hosts: ${(ms / 1000).toFixed(1)} s`);
  });

  test.each([
    ['packages', packaged, '/usr/sbin', 'no such build'],
    ['source', source, '/usr/local', 'no such package'],
  ])('to %s without losing a request: one nginx and one keepalived', async (_name, path, where) => {
    const load = await startLoad(lab, vips);
    const { ms } = await apply(path);
    for (const { address, total, lost, retried, longestGapMs } of await load.end()) {
      figure(
        `${address}: ${total} requests in ${(ms / 1000).toFixed(1)} s, ${lost} lost, ${retried} retried, longest gap ${longestGapMs.toFixed(0)} ms`,
      );
      expect([address, lost]).toEqual([address, 0]);
      expect(total).toBeGreaterThan(300);
    }
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
    expect((await inLab(lab, ['plan', path])).code).toBe(0);
  });

  test('uninstall of one host moves its VIPs without losing a request', async () => {
    const load = await startLoad(lab, vips);
    const ran = await inLab(lab, ['uninstall', source, '--host', 'keep_136', '--packages', '--yes']);
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining('haup is gone from keep_136.') });
    for (const { address, lost, retried } of await load.end()) {
      figure(`${address} while a host is removed: ${lost} lost, ${retried} retried`);
      expect([address, lost]).toEqual([address, 0]);
    }
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
    const again = await inLab(lab, ['uninstall', source, '--host', 'keep_136', '--yes']);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Nothing to do/m) });
    const refused = await inLab(lab, ['uninstall', source]);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/--yes/) });
    const { code } = await inLab(lab, ['uninstall', source, '--yes']);
    expect(code).toBe(0);
    expect(await onHost(lab, 'keep_137', 'ls -d /var/lib/haup /usr/local/nginx 2>/dev/null; true')).toBe('');
  });
});
