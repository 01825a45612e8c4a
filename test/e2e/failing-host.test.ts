// suite: measures, all
/** A host on which something fails or hangs in its turn. Under load: what clients lose, and what is left to do. */

import { describe, expect, test } from 'vitest';
import { faultLab } from './fault-lab.ts';
import { eventuallyOnHost, figure, onHost, testLab } from './haup.ts';
import { type Edit, fast } from './own-lab.ts';
import { expectServed } from './probing.ts';

const { lab, inventory, inLab, apply, underLoad, quick, other, allDone } = faultLab(testLab('failing-host'));

test('a client that never ends its request keeps a drained nginx for a second, not for ten', async () => {
  const wanted = await other();
  await onHost(
    lab,
    'keep_136',
    `systemd-run -q --unit=never-ends perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new("127.0.0.1:80"); print $s "GET / HT"; $s->flush; sleep 6000'`,
  );
  await eventuallyOnHost(lab, 'keep_136', 'ss -Htn state established dst 127.0.0.1:80 | grep -q .');
  const seen = await underLoad('a client that never ends its request', async () => {
    const run = await apply(wanted);
    const seconds = Number(/\[keep_136\] done: restart nginx \((\d+\.\d) s\)/.exec(run.stderr)?.[1]);
    figure(`nginx restarted on its drained host in ${seconds} s`);
    expect(seconds).toBeLessThan(9);
  });
  expectServed(seen);
  await onHost(lab, 'keep_136', 'systemctl stop never-ends 2>/dev/null; true');
  await allDone(wanted);
});

describe('a host on which', () => {
  /** A change that fails on keep_136 as it is: what is said, and that nothing is lost then and afterwards. */
  async function failing(
    what: string,
    breaks: string,
    mends: string,
    says: RegExp,
    { change, left: rest }: { readonly change?: string; readonly left?: RegExp } = {},
  ): Promise<void> {
    const wanted = change ?? (await other());
    const before = await inLab(['plan', wanted]);
    const seen = await underLoad(what, async () => {
      await onHost(lab, 'keep_136', breaks);
      try {
        const run = await inLab(['apply', wanted, '--yes']);
        expect(run.code, run.stdout + run.stderr).toBe(1);
        expect(run.stderr.replace(/\s+/g, ' ')).toMatch(says);
      } finally {
        await onHost(lab, 'keep_136', mends);
      }
      // What is left is all of it, since the host was put back; or what is said.
      const left = await inLab(['plan', wanted]);
      expect(left.code).toBe(3);
      if (rest === undefined) expect(left.stdout).toBe(before.stdout);
      else expect(left.stdout.replace(/\s+/g, ' ')).toMatch(rest);
      await apply(wanted);
    });
    expectServed(seen);
    await allDone(wanted);
  }

  test('/tmp is read-only: haup needs none', async () => {
    const wanted = await other();
    // Without make, whoever built here before: so that the package manager is needed in the end.
    await onHost(
      lab,
      'keep_136',
      'apt-get -y -q purge make; mount -t tmpfs -o ro tmpfs /tmp; mount -t tmpfs -o ro tmpfs /var/tmp',
    );
    try {
      const seen = await underLoad('/tmp read-only', () => apply(wanted));
      expectServed(seen);
      await allDone(wanted);
      // What is installed or built anew may need it, and then the hint says what is wrong.
      const more: Edit = (it) => it.keepalived.configure.push('--disable-hardening');
      const run = await inLab(['apply', inventory(fast, more), '--yes', '--no-cached-builds']);
      expect(run.code).toBe(1);
      expect(run.stderr.replace(/\s+/g, ' ')).toMatch(
        /A file system of the host is read-only: .*remount.*(?:PACKAGES|CONFIGURE)_FAILED/,
      );
    } finally {
      await onHost(lab, 'keep_136', 'umount /tmp /var/tmp');
    }
    await apply(quick());
  });

  test('the configuration does not pass', async () => {
    // keepalived runs no script that lies where others could change it.
    await failing(
      'configuration that fails its test',
      'chmod o+w /var/lib',
      'chmod o-w /var/lib',
      /does not pass.*write permission for group and others.*CONFIG_TEST_FAILED/,
      { change: inventory(fast, (it) => void (it.vrrp['garp_master_refresh'] = 30)) },
    );
    await apply(quick());
  });

  test('the disk is full', async () => {
    const directory = '/usr/local/nginx/sbin';
    await failing(
      'disk full',
      `cp -a ${directory} /run/kept && mount -t tmpfs -o size=$(($(du -sk /run/kept | cut -f1) + 512))k tmpfs ${directory} && cp -a /run/kept/. ${directory}`,
      `umount ${directory}; rm -rf /run/kept`,
      /disk is full: .*DISK_FULL/,
    );
  });

  test('keepalived refuses to start', async () => {
    const dropIn = '/run/systemd/system/keepalived.service.d/refuse.conf';
    await failing(
      'keepalived refuses to start',
      `mkdir -p ${dropIn.slice(0, dropIn.lastIndexOf('/'))}; printf '[Service]\\nExecStartPre=/bin/false\\n' > ${dropIn}; systemctl daemon-reload`,
      `rm ${dropIn}; systemctl daemon-reload; systemctl reset-failed keepalived; systemctl start keepalived`,
      /it could not be put back.*stays drained.*systemctl \S+ keepalived failed.*SERVICE_FAILED/,
      { left: /undrain it was drained when an apply was cut off, or a daemon stopped/ },
    );
  });
});
