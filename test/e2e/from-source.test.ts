// suite: builds, all
import { beforeAll, describe, expect, test } from 'vitest';
import { hangMs } from '../limits.ts';
import { figure, onHost, type Run, testLab } from './haup.ts';
import { ownLab } from './own-lab.ts';

// The one place where the example is applied to bare hosts as for the first time: both daemons from source.
const { lab, inLab, inventory } = ownLab(testLab('from-source'), { installed: false });

describe('the first apply', () => {
  let first: Run = { code: 1, stdout: '', stderr: '', ms: 0 };
  beforeAll(async () => {
    first = await inLab(['apply', inventory(), '--yes', '--no-cached-builds'], { limitMs: hangMs(200_000) });
    if (first.code !== 0)
      throw new Error(`The first apply failed.\n${first.stdout.slice(-3000)}${first.stderr.slice(-5000)}`);
    figure(`first apply on two bare hosts, both daemons from source: ${(first.ms / 1000).toFixed(1)} s`);
  });

  test('says what it does, and ends with every VIP held and answered', () => {
    expect(first.stdout).toMatch(/build keepalived 2\./);
    expect(first.stdout).toMatch(/All is well: 2 VIPs where expected, 2 hosts in service\./);
    expect(first.stdout).not.toMatch(/auth_pass 1111/);
  });

  test('left both daemons under their documented prefixes, built with the documented options', async () => {
    expect(await onHost(lab, 'keep_136', '/usr/local/keepalived/sbin/keepalived -v 2>&1')).toMatch(
      /configure options: --prefix=\/usr\/local\/keepalived --sysconfdir=\/etc/,
    );
    expect(await onHost(lab, 'keep_137', '/usr/local/nginx/sbin/nginx -V 2>&1')).toMatch(
      /--prefix=\/usr\/local\/nginx/,
    );
  });

  test('left no build tree, no stage and no sample configuration behind', async () => {
    const left = await onHost(
      lab,
      'keep_136',
      'ls -d /var/lib/haup/build /var/lib/haup/stage/* /etc/keepalived/*.haup-* /run/haup.unread.* 2>/dev/null; true',
    );
    expect(left).toBe('');
  });

  test('the password is readable by root alone', async () => {
    expect(await onHost(lab, 'keep_136', 'stat -c "%a %U" /etc/keepalived/keepalived.conf')).toBe(
      '640 root\n',
    );
  });
});
