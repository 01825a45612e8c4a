// suite: builds, all
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { figure, haup, inLab, onHost, root, type Run, testLab } from './haup.ts';
import { applyTo } from './installed.ts';
import { inOrder } from './in-order.ts';
import { lightKeepalived, lightNginx } from './light-builds.ts';
import { measured } from './measured.ts';
import type { Written } from './own-lab.ts';
import { scratchDirectory } from '../scratch.ts';

// Two clusters in a lab of their own: one of both flavours, and four hosts of one platform, with which `one` is
// compared. The tests build on each other, from bare hosts on.
const lab = testLab('flavours');
const four = ['yum_1', 'yum_2', 'yum_3', 'yum_4'];
const mix = ['one', 'spare', 'apt_1'];
const scratch = scratchDirectory();
const inventory = join(scratch, 'inventory.yaml');
const repository = '/srv/haup/pool';

/** The example with builds that are quick to make. */
function lightExample(): Written {
  const it = parse(readFileSync(join(root, 'inventory.example.yaml'), 'utf8')) as Written;
  it.keepalived.configure = [...it.keepalived.configure, ...lightKeepalived];
  it.nginx.configure = [...it.nginx.configure, ...lightNginx];
  return it;
}

function writeInventory(): void {
  const { keepalived, nginx } = lightExample();
  const host = (name: string, index: number) => [
    name,
    { address: `192.168.160.${10 + index}`, interface: 'ens33' },
  ];
  const written = {
    hosts: Object.fromEntries([...mix, ...four].map(host)),
    vips: [
      { address: '192.168.160.161', hosts: mix, virtual_router_id: 51 },
      { address: '192.168.160.162', hosts: four, virtual_router_id: 52 },
    ],
    keepalived,
    nginx,
  };
  writeFileSync(inventory, JSON.stringify(written, null, 2));
}

const up = (...more: readonly string[]) =>
  haup(['lab', 'up', inventory, '--name', lab, '--yes', '--json', '--for-pid', String(process.pid), ...more]);
const apply = (...more: readonly string[]) => inLab(lab, ['apply', inventory, '--yes', ...more]);
const on = (host: string, command: string) => onHost(lab, host, command);

interface Planned {
  readonly changes: readonly { readonly host: string; readonly id: string; readonly title: string }[];
}

/** `HOST TITLE` of what would be built, and of what would be put in place, when no build is kept. */
async function plannedBuilds(): Promise<readonly string[]> {
  const nothingKept = { XDG_CACHE_HOME: join(scratch, 'cache') };
  const { stdout } = await inLab(lab, ['plan', inventory, '--json'], { inside: nothingKept });
  const plan: Planned = JSON.parse(stdout);
  return plan.changes
    .filter(({ id }) => /^(?:build|install):/.test(id))
    .map(({ host, title }) => `${host} ${title}`);
}

interface Built {
  readonly service: string;
  readonly platform: string;
  readonly builtOn: string | null;
  readonly receivedBy: readonly string[];
}

async function buildsPlanned(): Promise<readonly Built[]> {
  const nothingKept = { XDG_CACHE_HOME: join(scratch, 'cache') };
  const { stdout } = await inLab(lab, ['plan', inventory, '--json'], { inside: nothingKept });
  const { builds }: { builds: readonly Built[] } = JSON.parse(stdout);
  return builds;
}

/** The last line of an apply says what was built where. */
function buildsDone(ndjson: string): readonly Built[] {
  const { builds }: { builds: readonly Built[] } = JSON.parse(ndjson.trimEnd().split('\n').at(-1) ?? '');
  return builds;
}

interface Done {
  readonly type: string;
  readonly host: string;
  readonly change: {
    readonly id: string;
    readonly title: string;
    readonly build?: { readonly role: string };
  };
  readonly ms: number;
}

/** The changes that were made, out of the events of `--json`. */
const changesDone = (ndjson: string): readonly Done[] =>
  ndjson
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): Done => JSON.parse(line))
    .filter(({ type }) => type === 'changed');

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

function expectError(run: Run, code: string, ...says: readonly RegExp[]): void {
  const text = run.stderr.slice(Math.max(0, run.stderr.search(/^Error\b/m))).replace(/\n {2,8}(?=\S)/g, ' ');
  expect(text, run.stdout + run.stderr).toContain(`Code: ${code}\n`);
  expect(run.code).toBe(1);
  for (const one of says) expect(text).toMatch(one);
}

inOrder();
beforeAll(async () => {
  writeInventory();
  const made = await up('--flavour', 'yum', '--flavour', 'apt_1=apt');
  if (made.code !== 0) throw new Error(`The lab does not start.\n${made.stdout}${made.stderr}`);
  figure(`lab up, seven hosts of two flavours: ${seconds(made.ms)}`);
});
afterAll(async () => {
  await haup(['lab', 'down', '--name', lab]);
});

describe('a host of flavour yum', () => {
  test('has dnf, yum and rpm over a repository of its own, and nothing of apt or dpkg', async () => {
    const found = await on(
      'one',
      'for p in dnf yum rpm apt apt-get apt-cache dpkg dpkg-query dpkg-deb gcc cc make pkg-config; do command -v $p; done; true',
    );
    expect(found.trim().split('\n')).toEqual(['/usr/bin/dnf', '/usr/bin/yum', '/usr/bin/rpm']);
    const listed = await on('one', 'yum -q list --available 2>&1');
    const names =
      'gcc make pkgconf-pkg-config openssl-devel libnl3-devel pcre2-devel zlib-devel systemd-devel curl keepalived nginx';
    for (const name of names.split(' ')) {
      expect(listed).toMatch(new RegExp(`^${name}\\.x86_64|^${name}\\.aarch64`, 'm'));
    }
  });

  test('knows of every library and package that it has, and all fits together', async () => {
    const owner = (file: string) =>
      on(
        'one',
        `rpm -qf --qf '%{NAME}' "$(readlink -f "$(ldconfig -p | sed -n 's/.*${file} .*=> //p' | head -n 1)")"`,
      );
    expect(await owner('libcrypto.so.3')).toBe('openssl-libs');
    expect(await owner('libc.so.6')).toBe('glibc');
    expect(await on('one', 'rpm -q --qf "%{NAME} " iproute systemd zlib && dnf -q check')).toBe(
      'iproute systemd zlib ',
    );
  });

  test('stays what it is when the lab is brought up again', async () => {
    const boot = () => on('one', 'cat /proc/sys/kernel/random/boot_id');
    const before = await boot();
    const again: { hosts: { name: string; flavour: string }[] } = JSON.parse((await up()).stdout);
    expect(again.hosts.map(({ name, flavour }) => `${name}=${flavour}`)).toEqual([
      'one=yum',
      'spare=yum',
      'apt_1=apt',
      ...four.map((name) => `${name}=yum`),
    ]);
    expect(await boot()).toBe(before);
  });
});

describe('a package that is missing', () => {
  const spare = (...more: string[]) => apply('--limit', 'spare', '--no-cached-builds', ...more);

  test('from the repository: yum says which, and nothing is installed', async () => {
    // A host with yum alone, whose repository has lost the headers.
    await on(
      'spare',
      `rm /usr/bin/dnf
mkdir /srv/short && ln -s ${repository}/*.rpm /srv/short && rm /srv/short/openssl-devel-*
createrepo_c -q /srv/short && sed -i.whole 's,${repository},/srv/short,' /etc/yum.repos.d/haup-lab.repo`,
    );
    expectError(await spare(), 'PACKAGES_FAILED', /spare/, /yum install .*openssl-devel/, /openssl-devel/);
    expect(await on('spare', 'command -v gcc; ls /usr/local/keepalived 2>/dev/null; true')).toBe('');
    await on(
      'spare',
      'mv /etc/yum.repos.d/haup-lab.repo.whole /etc/yum.repos.d/haup-lab.repo && rm -r /srv/short',
    );
  });

  test('from the host, though rpm has it on its list: configure fails and says what it misses', async () => {
    await on('spare', `rpm -i --justdb --nodeps ${repository}/openssl-devel-*.rpm 2>/dev/null`);
    expectError(await spare(), 'CONFIGURE_FAILED', /spare/, /OpenSSL/);
    expect(await on('spare', 'ls -d /usr/local/keepalived /var/lib/haup/build 2>/dev/null; true')).toBe('');
    await on('spare', 'rpm -e --justdb --nodeps openssl-devel');
  });
});

describe('hosts of one platform', () => {
  test('are to build once for all of them, and once for each other platform', async () => {
    const planned = await plannedBuilds();
    expect(await buildsPlanned()).toMatchObject(
      [
        ['one', ['spare', ...four]],
        ['apt_1', []],
      ].flatMap(([builtOn, receivedBy]) =>
        ['keepalived', 'nginx'].map((service) => ({ service, builtOn, receivedBy })),
      ),
    );
    const builders = planned.filter((line) => / build (?:keepalived|nginx) /.test(line));
    expect(builders.map((line) => line.split(' ')[0])).toEqual(['one', 'one', 'apt_1', 'apt_1']);
    const receivers = planned.filter((line) => line.endsWith(' that one builds'));
    const wanted = ['spare', ...four].flatMap((host) => [host, host]);
    expect(receivers.map((line) => line.split(' ')[0])).toEqual(wanted);
  });

  test('four are built for once, on one of them, and three have no compiler', async () => {
    const run = await apply('--limit', four.join(','), '--no-cached-builds', '--json');
    expect(run.code, run.stdout + run.stderr).toBe(0);
    const done = changesDone(run.stdout);
    const building = done.filter(({ change }) => change.id.startsWith('build:'));
    expect(building.map(({ host }) => host)).toEqual(['yum_1', 'yum_1']);
    const received = done.filter(({ change }) => change.build?.role === 'received');
    expect(received.map(({ host }) => host).toSorted()).toEqual(
      four.slice(1).flatMap((host) => [host, host]),
    );
    const builds = ['keepalived', 'nginx'].map((service) => ({
      service,
      builtOn: 'yum_1',
      receivedBy: four.slice(1),
    }));
    expect(buildsDone(run.stdout)).toMatchObject(builds);
    for (const host of four.slice(1)) {
      expect(await on(host, 'command -v gcc make; rpm -q --qf "%{NAME}\n" openssl-devel libnl3; true')).toBe(
        'package openssl-devel is not installed\nlibnl3\n',
      );
    }
    figure(`four bare hosts, built for on one of them: ${seconds(run.ms)}`);
  });
});

describe('a cluster of both flavours', () => {
  test('is completed out of what is kept: no host compiles', async () => {
    // Of Debian's they are since these tests ran last.
    const { stdout } = await inLab(lab, ['plan', inventory, '--limit', 'apt_1', '--json']);
    if (JSON.parse(stdout).builds.length > 0) {
      const pair = join(scratch, 'pair.yaml');
      writeFileSync(pair, JSON.stringify(lightExample()));
      await applyTo(pair, null);
    }
    // The host with yum alone, whose builds failed: its next apply succeeds.
    const next = await apply('--limit', 'spare');
    expect(next.code, next.stdout + next.stderr).toBe(0);
    const run = await apply();
    expect(run.code, run.stdout + run.stderr).toBe(0);
    expect(next.stdout + run.stdout).not.toMatch(/\bbuild (?:keepalived|nginx) /);
    expect(run.stdout).toMatch(/All is well: 2 VIPs where expected, 7 hosts in service/);
    expect(await on('apt_1', 'command -v gcc make; true')).toBe('');
    figure(`one more host from a kept build: ${seconds(run.ms)}`);
  });

  test('fails over and back within its bounds, and so does the cluster of four', async () => {
    const run = await inLab(lab, ['verify', inventory, '--yes', '--json']);
    const report: {
      ok: boolean;
      vips: { drills: { drill: string; from: string; to: string; ok: boolean; stalledMs: number }[] }[];
    } = JSON.parse(run.stdout);
    const drills = report.vips.flatMap((vip) => vip.drills);
    measured(Math.max(...drills.map(({ stalledMs }) => stalledMs)), () => {
      expect(drills, run.stderr).toMatchObject([
        { drill: 'stop', from: 'one', to: 'spare', ok: true },
        { drill: 'stop', from: 'yum_1', to: 'yum_2', ok: true },
      ]);
      expect(run.code).toBe(0);
    });
    figure(`verify of both clusters: ${seconds(run.ms)}`);
  });

  test('from yum: what is installed is said to be, and nothing is done', async () => {
    const said = await on('yum_1', 'yum -y install libnl3-devel openssl-devel 2>&1');
    expect(said).toMatch(/^Package libnl3-devel-\S+ is already installed\.$/m);
    expect(said).toMatch(/^Package openssl-devel-\S+ is already installed\.$/m);
    expect(said).toMatch(/^Nothing to do\.$/m);
  });

  test('is left alone by a second apply: no package manager and no compiler is called', async () => {
    const watched = ['dnf-3', 'yum', 'dnf', 'apt-get', 'dpkg', 'gcc', 'cc', 'make', 'ld'];
    const hosts = ['yum_1', 'spare', 'apt_1', 'yum_2'];
    for (const host of hosts) {
      await on(
        host,
        `for p in ${watched.join(' ')}; do p=/usr/bin/$p
  [ -e $p ] || continue
  mv $p $p.watched
  printf '#!/bin/sh\\necho %s >>/root/called\\nexec %s.watched "$@"\\n' $p $p >$p
  chmod 755 $p
done`,
      );
    }
    // The watch itself works.
    await on('yum_1', 'gcc --version; make --version; yum --version');
    await on('apt_1', 'apt-get --version');
    expect(await on('yum_1', 'cat /root/called')).toBe(
      '/usr/bin/gcc\n/usr/bin/make\n/usr/bin/yum\n/usr/bin/dnf-3\n',
    );
    expect(await on('apt_1', 'cat /root/called')).toBe('/usr/bin/apt-get\n');
    await on('yum_1', 'rm /root/called');
    await on('apt_1', 'rm /root/called');

    const run = await inLab(lab, ['apply', inventory]);
    expect(run.stdout).toMatch(/Nothing to do/);
    expect(run.code).toBe(0);
    for (const host of hosts) expect(await on(host, 'cat /root/called 2>/dev/null; true')).toBe('');
    figure(`a second apply, seven hosts: ${seconds(run.ms)}`);
  });
});
