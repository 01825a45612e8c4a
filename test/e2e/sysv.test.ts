// suite: measures, all
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { defaultRoots, labPaths } from '../../src/lab/names.ts';
import { hangMs } from '../limits.ts';
import { figure, haup, inLab as runInLab, loginsLast, onHost, root, type Run, testLab } from './haup.ts';
import { inOrder } from './in-order.ts';
import { lightKeepalived } from './light-builds.ts';
import { graceSeconds } from './own-lab.ts';
import { expectServed, probed } from './probing.ts';
import { scratchDirectory } from '../scratch.ts';

// keepalived as the source document registers it, by its init script: from bare hosts on, in a lab of its own.
const lab = testLab('sysv');
const hosts = ['keep_136', 'keep_137'];
const vips = ['192.168.160.161', '192.168.160.162'];
const scratch = scratchDirectory();

interface Written {
  vrrp: object;
  keepalived: Record<string, unknown>;
  nginx: Record<string, unknown>;
  [key: string]: unknown;
}

/** The example with adverts ten times as fast, so that no test waits for VRRP. */
function inventory(service: 'systemd' | 'sysv', change: (it: Written) => void = () => undefined): string {
  const it = parse(readFileSync(join(root, 'inventory.example.yaml'), 'utf8')) as Written;
  it.vrrp = { version: 3, advert_int: 0.1, check: { interval: 1 } };
  it.keepalived['service'] = service;
  it['grace'] = graceSeconds;
  change(it);
  const path = join(scratch, `${(files += 1)}.yaml`);
  writeFileSync(path, JSON.stringify(it));
  return path;
}
let files = 0;
const sysv = inventory('sysv');
const systemd = inventory('systemd');

const inLab = (...args: readonly string[]): Promise<Run> => runInLab(lab, args);
const onBoth = (command: string): Promise<readonly string[]> =>
  Promise.all(hosts.map((host) => onHost(lab, host, command)));
async function changed(...args: readonly string[]): Promise<Run> {
  const run = await inLab(...args, '--yes');
  expect(run.code, run.stdout.slice(-2000) + run.stderr).toBe(0);
  return run;
}
/** Runs haup while both VIPs are asked, and expects that no request goes without an answer. */
async function withoutLoss(what: string, work: () => Promise<unknown>): Promise<void> {
  const seen = await probed(vips, async () => void (await work()), undefined, lab);
  for (const [address, { lost, retried, total }] of Object.entries(seen))
    figure(`${what}, ${address}: ${lost} of ${total} lost, ${retried} of them retried`);
  for (const one of Object.values(seen)) expectServed(one);
}
const registered = `systemctl show -p LoadState,FragmentPath,SourcePath,ActiveState keepalived | sort
readlink /proc/$(systemctl show -p MainPID --value keepalived)/exe
ls /etc/init.d/keepalived /etc/rc3.d/S*keepalived /etc/systemd/system/*.wants/keepalived.service 2>/dev/null; true`;
const byScript = `ActiveState=active
FragmentPath=/run/systemd/generator.late/keepalived.service
LoadState=loaded
SourcePath=/etc/init.d/keepalived
/usr/local/keepalived/sbin/keepalived
/etc/init.d/keepalived
/etc/rc3.d/S21keepalived
`;

inOrder();
beforeAll(async () => {
  const keeper = ['--for-pid', String(process.pid)];
  const up = await haup(['lab', 'up', '--name', lab, '--flavour', 'yum', '--yes', ...keeper]);
  if (up.code !== 0) throw new Error(up.stderr);
  await loginsLast(lab, hosts);
});
afterAll(async () => {
  await haup(['lab', 'down', '--name', lab]);
});

test('is refused where the functions of init scripts are missing, before anything is changed', async () => {
  for (const command of ['plan', 'apply']) {
    const run = await inLab(command, sysv, ...(command === 'apply' ? ['--yes'] : []));
    expect(run.code).toBe(1);
    const said = run.stderr.replace(/\n {2,}/g, ' ');
    expect(said).toMatch(/Error on keep_136: \/etc\/rc\.d\/init\.d\/functions is missing/);
    expect(said).toMatch(
      /Install it on keep_137 \(dnf install initscripts\), or set keepalived\.service: systemd/,
    );
    expect(said).toMatch(/Code: HOST_UNSUPPORTED/);
  }
  for (const left of await onBoth(
    'ls -d /var/lib/haup /usr/local/keepalived 2>/dev/null; command -v gcc; true',
  ))
    expect(left).toBe('');
});

/** On a host, in the background: dnf's own code has its lock until it is stopped. */
const holdDnf = `systemd-run -q --unit=other-run python3 -c 'import time; from dnf.lock import build_rpmdb_lock as lock
with lock("/var/lib/dnf", True): time.sleep(6000)' && until [ -s /var/lib/dnf/rpmdb_lock.pid ]; do sleep 0.1; done`;

test('another run of dnf is waited for up to the limit, and named', async () => {
  await onBoth('dnf -y -q install initscripts');
  await onHost(lab, 'keep_137', holdDnf);
  const run = await inLab(
    'apply',
    inventory('sysv', (it) => (it['packages'] = { lock_wait: 2 })),
    '--limit',
    'keep_137',
    '--yes',
  );
  await onHost(lab, 'keep_137', 'systemctl stop other-run');
  expect(run.code).toBe(1);
  const said = run.stderr.replace(/\n {2,}/g, ' ');
  expect(said).toMatch(/Error on keep_137: Another package run on the host has not ended within 2 s/);
  expect(said).toMatch(
    /Error: process \d+ \(\S*python3 -c import time.*\), which runs for \d+ s, holds \/var\/lib\/dnf/,
  );
  expect(said).toMatch(/Code: PACKAGES_FAILED/);
});

test('from bare hosts, whose operator has installed initscripts, to a passing verify', async () => {
  await onHost(lab, 'keep_137', holdDnf);
  let [heard, released] = ['', false];
  const run = await runInLab(lab, ['apply', sysv, '--yes', '--json'], {
    onStdout: (text) => {
      heard += text;
      if (released || !heard.includes('another package run')) return;
      released = true;
      void onHost(lab, 'keep_137', 'systemctl stop other-run');
    },
  });
  const { ms, stdout } = run;
  expect(run.code, stdout.slice(-2000) + run.stderr).toBe(0);
  const waited = stdout.split('\n').filter((line) => line.includes('another package run'));
  expect(waited.map((line) => JSON.parse(line))).toMatchObject([
    {
      type: 'said',
      host: 'keep_137',
      text: expect.stringMatching(
        /^waiting for another package run: process \d+ \(.*\), which runs for \d+ s, holds \/var\/lib\/dnf\/rpmdb_lock\.pid; for 180 s at most$/,
      ),
    },
  ]);
  figure(`apply by the init script: ${(ms / 1000).toFixed(1)} s`);
  for (const said of await onBoth(registered)) expect(said).toBe(byScript);
  // Word for word what the tree that was built has.
  const source = '/usr/local/keepalived/share/keepalived';
  for (const said of await onBoth(`cmp ${source}/init.d/keepalived /etc/init.d/keepalived
head -n $(wc -l < ${source}/sysconfig/keepalived) /etc/sysconfig/keepalived | cmp ${source}/sysconfig/keepalived -
systemctl status keepalived | head -n 2`))
    expect(said).toMatch(/^● keepalived\.service - SYSV: .*\n.*\(\/etc\/init\.d\/keepalived; generated\)\n$/);
  const verified = await changed('verify', sysv, '--json');
  const report = JSON.parse(verified.stdout) as { ok: boolean; vips: { drills: { drill: string }[] }[] };
  expect(report.ok).toBe(true);
  expect(report.vips.flatMap(({ drills }) => drills.map(({ drill }) => drill))).toEqual(['stop', 'stop']);
});

test('a second apply has nothing to do; restart and reload go through the generated unit', async () => {
  expect((await inLab('plan', sysv)).code).toBe(0);
  await changed('service', 'restart', 'keepalived', sysv);
  await changed('service', 'reload', 'keepalived', sysv);
  for (const said of await onBoth(registered)) expect(said).toBe(byScript);
  for (const log of await onBoth('journalctl -q -o cat -u keepalived'))
    expect(log).toMatch(/Reloaded keepalived\.service - SYSV: /);
});

test('a host that was powered off starts it again', async () => {
  await haup(['lab', 'fault', '--name', lab, 'keep_137', 'reboot']);
  await expect
    .poll(async () => (await inLab('status', sysv)).code, { timeout: hangMs(20_000), interval: 1000 })
    .toBe(0);
  expect(await onHost(lab, 'keep_137', registered)).toBe(byScript);
});

test('to a unit and back to the script, and one host by rollback, without losing a request', async () => {
  const unit = '/etc/systemd/system/keepalived.service';
  const byUnit = `ActiveState=active\nFragmentPath=${unit}\nLoadState=loaded\nSourcePath=\n/usr/local/keepalived/sbin/keepalived\n/etc/systemd/system/multi-user.target.wants/keepalived.service\n`;
  await withoutLoss('to a unit', () => changed('apply', systemd));
  for (const said of await onBoth(registered)) expect(said).toBe(byUnit);
  expect((await inLab('plan', systemd)).code).toBe(0);
  const plan = await inLab('plan', sysv);
  expect(plan.code).toBe(3);
  expect(plan.stdout).toMatch(/register keepalived by its init script/);
  expect(plan.stdout).toMatch(/\+PATH=\/usr\/local\/keepalived\/sbin:\$PATH/);
  await withoutLoss('to the init script', () => changed('apply', sysv));
  for (const said of await onBoth(registered)) expect(said).toBe(byScript);
  expect((await inLab('plan', sysv)).code).toBe(0);
  await withoutLoss('rollback of one host', () => changed('rollback', 'keep_137', sysv));
  expect(await onBoth(registered)).toEqual([byScript, byUnit]);
});

test('uninstall takes away what either way has put there, and what others have installed stays', async () => {
  await changed('uninstall', sysv);
  for (const said of await onBoth(
    `find /etc /usr/local /usr/libexec /var/lib/haup 2>/dev/null | grep -E 'keepalived|haup'
rpm -V initscripts chkconfig; systemctl show -p LoadState --value keepalived; true`,
  ))
    expect(said).toBe('/etc/yum.repos.d/haup-lab.repo\nnot-found\n');
});

test('from the packages of its distribution, and what replaces them is downloaded by the hosts', async () => {
  const laid = readFileSync(labPaths(defaultRoots, lab).overlay, 'utf8');
  const overlay = parse(laid) as { keepalived: { version: string; urls: string[] } };
  const [tarball = ''] = overlay.keepalived.urls;
  const path = decodeURIComponent(
    new URL(tarball.replaceAll('{version}', overlay.keepalived.version)).pathname,
  );
  const packaged = inventory('systemd', (it) => {
    for (const software of [it.keepalived, it.nginx]) software['from'] = 'package';
  });
  // In dnf's own words, out of its cache: the version that is to come decides what its configuration may say.
  const [offered = ''] = await onBoth(
    'rpm -q keepalived; dnf -q -C info keepalived | sed -n "s/^Version *: //p"',
  );
  const version = /^package keepalived is not installed\n(\d[\w.]+)\n$/.exec(offered)?.[1] ?? 'none';
  expect((await inLab('plan', packaged)).stdout).toContain(`keepalived (${version}-`);
  // An earlier test needed a compiler where no build was kept yet.
  await onBoth('if command -v gcc >/dev/null; then rpm -e --nodeps gcc; fi');
  const run = await changed('apply', packaged);
  expect(run.stderr).toMatch(
    /not used: keepalived\.prefix, keepalived\.configure, nginx\.prefix, nginx\.configure/,
  );
  for (const said of await onBoth(`for s in nginx keepalived; do readlink /proc/$(systemctl show -p MainPID --value $s)/exe; done
systemctl is-enabled nginx keepalived; command -v gcc; true`))
    expect(said).toBe('/usr/sbin/nginx\n/usr/sbin/keepalived\nenabled\nenabled\n');
  expect((await inLab('plan', packaged)).code).toBe(0);
  const verified = JSON.parse((await changed('verify', packaged, '--json')).stdout) as { ok: boolean };
  expect(verified.ok).toBe(true);

  // The switch of the lab is the mirror: what hosts reach by an address of their own network.
  const serve = `const fs = require('fs');
require('http').createServer((q, r) => { console.log(q.socket.remoteAddress, q.url); r.end(fs.readFileSync(${JSON.stringify(path)})); })
  .listen(8099, '192.168.160.1', () => console.log('ready'));
process.stdin.on('end', () => process.exit()).resume();`;
  const mirror = spawn(
    process.execPath,
    [join(root, 'dist/bin.js'), 'lab', 'exec', '--name', lab, '--', process.execPath, '-e', serve],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  let asked = '';
  mirror.stdout.on('data', (chunk: Buffer) => (asked += chunk.toString('utf8')));
  await expect.poll(() => asked, { timeout: hangMs(20_000) }).toContain('ready\n');
  try {
    const fetched = inventory('systemd', (it) => {
      Object.assign(it.keepalived, overlay.keepalived, {
        configure: [...(it.keepalived['configure'] as string[]), ...lightKeepalived],
        urls: ['http://192.168.160.1:8099/keepalived-{version}.tar.gz'],
      });
      Object.assign(it.nginx, { from: 'package' });
      it['fetch'] = 'host';
    });
    const ran = await runInLab(lab, ['apply', fetched, '--yes', '--json', '--no-cached-builds'], {
      inside: { HAUP_OVERLAY: '' },
    });
    expect(ran.code, ran.stdout.slice(-2000) + ran.stderr).toBe(0);
    expect(JSON.parse(ran.stdout.trimEnd().split('\n').at(-1) ?? '').builds).toMatchObject([
      { service: 'keepalived', builtOn: 'keep_136', receivedBy: ['keep_137'] },
    ]);
    expect(asked).toBe(`ready\n192.168.160.136 /keepalived-${overlay.keepalived.version}.tar.gz\n`);
  } finally {
    mirror.stdin.end();
  }
  for (const said of await onBoth(
    'readlink /proc/$(systemctl show -p MainPID --value keepalived)/exe; rpm -q keepalived; true',
  ))
    expect(said).toBe('/usr/local/keepalived/sbin/keepalived\npackage keepalived is not installed\n');
  await changed('uninstall', packaged);
});
