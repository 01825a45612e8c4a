// suite: measures, all
/** What an apply, or `haup service`, must not do to hosts that serve, and what it must mend: seen by clients. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { defaultRoots, labPaths } from '../../src/lab/names.ts';
import { skewMs } from '../../src/measure/bounds.ts';
import { figure, onHost, testLab } from './haup.ts';
import { type Edit, fast, ownLab } from './own-lab.ts';
import { expectServed } from './probing.ts';
import { vipsHome } from './vips-home.ts';

const { lab, scratch, inventory, inLab, well, apply, pending, underLoad } = ownLab(testLab('guards'));

/** All VIPs on one host: the other one is a standby. */
const oneMaster: Edit = (it) => it.vips.forEach((vip) => (vip['hosts'] = ['keep_136', 'keep_137']));

let quick = '';
beforeAll(async () => {
  quick = inventory(fast);
  await apply(quick);
});
beforeEach(async () => {
  // An apply that ends with 0 has found every VIP where it belongs.
  if ((await inLab(['apply', quick, '--yes', '--lock-wait', '60'])).code !== 0) await settled();
});

/** Each VIP is where it belongs. */
async function settled(path = quick): Promise<void> {
  await vipsHome(lab, path);
  for (let tries = 0; tries < 60; tries += 1) {
    if ((await inLab(['status', path])).code === 0) return;
    await sleep(250);
  }
  throw new Error('the VIPs are not where they belong after 15 s');
}

const since = (host: string, service: string): Promise<string> =>
  onHost(lab, host, `systemctl show -p ActiveEnterTimestampMonotonic -p MainPID ${service}`);
const touch = (host: string): Promise<string> =>
  onHost(lab, host, `echo '# touched' >> /etc/systemd/system/keepalived.service; systemctl daemon-reload`);
/** A hook that runs a command as root on `host` before the turn of another. */
const before = (turn: string, host: string, command: string): string =>
  `! grep -q '"host":"${turn}"' || ssh -n -F ${labPaths(defaultRoots, lab).sshConfig} ${host} '${command}'`;

/** For a backup of the example to take over from a host that says that it goes, on a busy machine. */
const stopMs = skewMs({ version: 3 }, 0.1, 80) + 133;

test('a standby that has become the only server before its turn is left alone', async () => {
  const standby = inventory(fast, oneMaster);
  await apply(standby);
  await touch('keep_137');
  const path = inventory(fast, oneMaster, (it) => {
    it.hooks = { before_host: before('keep_137', 'keep_136', 'systemctl stop keepalived') };
  });
  const was = await since('keep_137', 'keepalived');
  const seen = await underLoad('the standby has become the only server', async () => {
    const ran = await inLab(['apply', path, '--yes']);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/GATE_FAILED/);
  });
  expect(await since('keep_137', 'keepalived')).toBe(was);
  expect(seen.longestGapMs).toBeLessThan(stopMs);
  await onHost(lab, 'keep_136', 'systemctl start keepalived');
  await settled(standby);
  expectServed(await underLoad('and the next apply', () => apply(standby)));
  expect(await since('keep_137', 'keepalived')).not.toBe(was);
});

test('a standby to which the VIPs have moved before its turn gives them back first', async () => {
  const standby = inventory(fast, oneMaster);
  await apply(standby);
  await touch('keep_137');
  const away = 'echo -100 > /var/lib/haup/drain; sleep 1; ! ip -o addr | grep -q 160.161';
  const path = inventory(fast, oneMaster, (it) => {
    it.hooks = { before_host: before('keep_137', 'keep_136', away) };
  });
  const was = await since('keep_137', 'keepalived');
  try {
    const seen = await underLoad('the VIPs have moved to the standby', () => apply(path));
    expectServed(seen);
    expect(await since('keep_137', 'keepalived')).not.toBe(was);
  } finally {
    await well(['failback', 'keep_136', standby, '--yes']);
  }
});

test("a host whose own check fails is put back, and its peer's turn does not come", async () => {
  // Its test finds nothing wrong, and no connection is left beside the sockets that it listens on.
  const sockets = Number(await onHost(lab, 'keep_136', 'ss -ltnp | grep -c \'"nginx"\''));
  const deaf = inventory(fast, (it) => void (it.nginx['worker_connections'] = sockets + 1));
  const was = await since('keep_137', 'nginx');
  const conf = 'find /usr/local/nginx/conf -type f -exec sha256sum {} +';
  const files = await onHost(lab, 'keep_137', conf);
  const first = await onHost(lab, 'keep_136', conf);
  const seen = await underLoad('a configuration with which nginx answers nobody', async () => {
    const ran = await inLab(['apply', deaf, '--yes']);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/it is as it was before[^]*keep_136: its health check fails/);
    expect(ran.stderr).not.toMatch(/\[keep_137\] begin: write/);
  });
  expect(await since('keep_137', 'nginx')).toBe(was);
  expect(await onHost(lab, 'keep_137', conf)).toBe(files);
  expect(await onHost(lab, 'keep_136', conf)).toBe(first);
  figure(`the longest gap of both VIPs was ${seen.longestGapMs.toFixed(0)} ms`);
  await settled();
});

describe('haup service', () => {
  /** A client that sends its request so slowly that it never ends. */
  const slowUpload = async (): Promise<void> => {
    await onHost(
      lab,
      'keep_136',
      `systemctl stop slow-upload 2>/dev/null; systemctl reset-failed slow-upload 2>/dev/null; systemd-run -q --unit=slow-upload perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new("127.0.0.1:80"); print $s "POST / HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 100000\\r\\n\\r\\n"; while (1) { print $s "x"; $s->flush; sleep 1 }' && sleep 0.5`,
    );
  };

  test.each(['nginx', 'keepalived'])('restarts %s on both hosts without losing a request', async (name) => {
    await slowUpload();
    const was = await Promise.all(['keep_136', 'keep_137'].map((host) => since(host, name)));
    const seen = await underLoad(`haup service restart ${name}`, () =>
      well(['service', 'restart', name, quick, '--yes']),
    );
    expectServed(seen);
    const is = await Promise.all(['keep_136', 'keep_137'].map((host) => since(host, name)));
    expect(is.filter((one) => was.includes(one))).toEqual([]);
    expect(await pending(quick)).toBe(0);
    await settled();
  });

  test('stops and starts a daemon of a host that serves without losing a request', async () => {
    for (const name of ['nginx', 'keepalived']) {
      const seen = await underLoad(`haup service stop and start ${name}`, async () => {
        await well(['service', 'stop', name, quick, '--limit', 'keep_136', '--yes']);
        expect(await onHost(lab, 'keep_136', `systemctl is-active ${name}; true`)).toBe('inactive\n');
        await well(['service', 'start', name, quick, '--limit', 'keep_136']);
        await settled();
      });
      expectServed(seen);
      expect(await pending(quick)).toBe(0);
    }
  });

  test('--now restarts both at once, as it is told', async () => {
    const ran = await well(['service', 'restart', 'keepalived', quick, '--yes', '--now']);
    expect(ran.stderr).not.toMatch(/drain/);
    await settled();
  });
});

describe('what nginx listens on', () => {
  const own = (name: string, listen: string): string => {
    const file = join(scratch, `${name}.conf`);
    writeFileSync(file, `server {\n  listen ${listen};\n  location / { return 200 "own\\n"; }\n}\n`);
    return inventory(fast, (it) => {
      it.nginx['sites'] = [{ name: 'default' }, { name: 'own', file }];
    });
  };
  const listening = (): Promise<string> => onHost(lab, 'keep_136', "ss -ltn | grep -o '[0-9.]*:8081 '");

  test('becomes an address in place of all, and all again, without an outage', async () => {
    const all = own('all', '8081');
    const one = own('one', '127.0.0.1:8081');
    await apply(all);
    const there = await underLoad('*:8081 becomes an address', () => apply(one));
    expect(await listening()).toBe('127.0.0.1:8081 \n');
    const back = await underLoad('an address becomes *:8081', () => apply(all));
    expect(await listening()).toBe('0.0.0.0:8081 \n');
    const rolled = await underLoad('and that is rolled back', () => well(['rollback', all, '--yes']));
    expect(await listening()).toBe('127.0.0.1:8081 \n');
    for (const seen of [there, back, rolled]) expectServed(seen);
    await apply(quick);
  });
});

describe('a daemon that dies again and again', () => {
  test.each([
    ['nginx', '/usr/local/nginx/conf/nginx.conf'],
    ['keepalived', '/etc/keepalived/keepalived.conf'],
  ])('%s is started with the mended configuration', async (name, conf) => {
    // keepalived starts with what it does not understand, and ends at a file that is not there.
    const bad = name === 'nginx' ? `echo 'nonsense;' >> ${conf}` : `mv ${conf} ${conf}.away`;
    await onHost(lab, 'keep_137', `${bad}; systemctl restart ${name}; sleep 2; true`);
    expect(await onHost(lab, 'keep_137', `systemctl is-active ${name}; true`)).toMatch(/activating|failed/);
    await onHost(lab, 'keep_137', `rm -f ${conf}.away`);
    await apply(quick);
    expect(await onHost(lab, 'keep_137', `systemctl is-active ${name}`)).toBe('active\n');
    expect(await pending(quick)).toBe(0);
  });
});

// Last: they take everything away.
describe('a first apply', () => {
  const server = (port: number): string =>
    `systemd-run -q --unit=another-server perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(LocalAddr => "0.0.0.0:${port}", Listen => 5, ReuseAddr => 1) or die; sleep 600'`;

  test('is refused where another program has the port, which is named, and changes nothing', async () => {
    await well(['uninstall', quick, '--yes']);
    await onHost(lab, 'keep_137', `${server(80)}; sleep 0.5`);
    const was = await onHost(lab, 'keep_136', 'ls -A /var/lib/haup /usr/local/nginx 2>&1; true');
    const ran = await inLab(['apply', quick, '--yes']);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/keep_137[^]*0\.0\.0\.0:80: perl \(process \d+\) listens on 0\.0\.0\.0:80/);
    expect(ran.stderr).toMatch(/PORT_TAKEN/);
    expect(await onHost(lab, 'keep_136', 'ls -A /var/lib/haup /usr/local/nginx 2>&1; true')).toBe(was);
    await onHost(lab, 'keep_137', 'systemctl stop another-server');
  });

  test('that fails leaves no daemon behind that starts later', async () => {
    await inLab(['uninstall', quick, '--yes']);
    const refuse = '/run/systemd/system/nginx.service.d/refuse.conf';
    const directory = refuse.slice(0, refuse.lastIndexOf('/'));
    await onHost(
      lab,
      'keep_137',
      `mkdir -p ${directory}; printf '[Service]\\nExecStartPre=/bin/false\\n' > ${refuse}; systemctl daemon-reload`,
    );
    const ran = await inLab(['apply', quick, '--yes']);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/SERVICE_FAILED/);
    await onHost(lab, 'keep_137', `rm ${refuse}; systemctl daemon-reload; sleep 2`);
    for (const host of ['keep_136', 'keep_137']) {
      const state = `for s in nginx keepalived; do systemctl is-active $s; systemctl is-enabled $s 2>/dev/null; done; ss -ltn | grep ':80 '; true`;
      expect((await onHost(lab, host, state)).split('\n')).not.toContain('active');
      expect(await onHost(lab, host, state)).not.toMatch(/activating|enabled|:80 /);
    }
    await apply(quick);
  });
});
