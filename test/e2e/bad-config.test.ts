/** Configurations, disks and ports that keep a change from being made. */

import { beforeAll, describe, expect, test } from 'vitest';
import { defaultRoots, labPaths } from '../../src/lab/names.ts';
import {
  apply,
  type Change,
  expectAllWell,
  expectError,
  inventory,
  scratchFile,
  servingPair,
  rebuilt,
  wellAgain,
} from './bad-world.ts';
import { eventuallyOnHost, inLab, mainLab } from './haup.ts';

const pair = servingPair();
const failed = { exit: 1, host: 'keep_136' };
const example = 'inventory.example.yaml';

describe('a configuration', () => {
  test('that nginx does not take', async () => {
    scratchFile('own.conf', 'server {\n  listen 8081;\n  retrun 200 "x";\n}\n');
    const run = await apply(inventory(site('own')));
    expectError(run, {
      ...failed,
      code: 'CONFIG_TEST_FAILED',
      says: [
        /unknown directive "retrun" in \/usr\/local\/nginx\/conf\/haup\.d\/site-own\.conf:\d+/,
        /\d+ \| retrun 200 "x";/,
      ],
      next: /site file.*not touched/,
    });
    await pair.untouched();
  });

  test('that keepalived does not take', async () => {
    // It runs no script that lies where others could change it.
    await pair.broken('keep_136', 'chmod o+w /var/lib', 'chmod o-w /var/lib');
    const run = await apply(inventory((it) => (it.vrrp['garp_master_refresh'] = 30)));
    expectError(run, {
      ...failed,
      code: 'CONFIG_TEST_FAILED',
      says: [/keepalived configuration does not pass/, /Disabling track script haup_check_nginx/],
      next: /write permission for group and others.*\/var\/lib/,
    });
    await pair.mend();
    await pair.untouched();
  });
});

const site =
  (name: string): Change =>
  (it) =>
    Object.assign(it.nginx, { sites: [{ name: 'default' }, { name, file: `${name}.conf` }] });

describe('a full disk', () => {
  const full = { ...failed, code: 'DISK_FULL', next: /df -h.*haup apply again.*untouched/ };
  beforeAll(() => {
    scratchFile(
      'big.conf',
      `${'# a comment of some length\n'.repeat(6000)}server { listen 8081; return 200; }\n`,
    );
  });
  /** A file system of its own over a directory, with what was in it and some room. */
  const little = (directory: string, room: number): [string, string] => [
    `keep=$(mktemp -d) && cp -a ${directory}/. "$keep" && mount -t tmpfs -o mode=755,size=$(($(du -sk "$keep" | cut -f1) + ${room}))k tmpfs ${directory} && cp -a "$keep/." ${directory} && rm -r "$keep"`,
    `umount ${directory}`,
  ];

  test('under a build', async () => {
    await pair.broken('keep_136', ...little('/var/lib/haup', 4096));
    expectError(await apply(inventory(rebuilt)), {
      ...full,
      says: [/disk is full: \.\/configure of nginx/, /tar: .*No space left on device/],
    });
    await pair.mend();
    await pair.untouched();
  });

  test('where configurations are tested', async () => {
    // The state of the host, which is kept before, has room.
    await pair.broken('keep_136', ...little('/var/lib/haup', 128));
    expectError(await apply(inventory(site('big'))), {
      ...full,
      says: [/disk is full: staging the nginx configuration/, /\/var\/lib\/haup\/stage\S+site-big\.conf/],
    });
    await pair.mend();
    await pair.untouched();
  });

  test('where configurations lie', async () => {
    await pair.broken('keep_136', ...little('/usr/local/nginx/conf/haup.d', 64));
    expectError(await apply(inventory(site('big'))), {
      ...full,
      says: [/disk is full: writing the nginx configuration/, /haup\.d\/site-big\.conf/],
    });
    await pair.mend();
    await pair.untouched();
  });
});

// ── a daemon that refuses ───────────────────────────────────────────────────────────────────────

describe('a port that another program has', () => {
  const taken = (port: number): [string, string] => [
    `systemd-run --quiet --unit=squatter perl -MSocket -e 'socket(S,PF_INET,SOCK_STREAM,0); setsockopt(S,SOL_SOCKET,SO_REUSEADDR,1); bind(S,sockaddr_in(${port},INADDR_ANY)) or die; listen(S,5); sleep 6000'
for i in $(seq 600); do ss -ltn | grep -q ':${port} ' && exit 0; sleep 0.1; done; exit 1`,
    'systemctl stop squatter',
  ];
  const named = {
    exit: 1,
    code: 'PORT_TAKEN',
    next: /Nothing was changed\. Stop that program for good/,
  };

  test('is named before a site is brought', async () => {
    await pair.broken('keep_136', ...taken(8081));
    scratchFile('own.conf', 'server { listen 8081; return 200 "own"; }\n');
    const run = await apply(inventory(site('own')));
    const says = [/0\.0\.0\.0:8081: perl \(process \d+\) listens on 0\.0\.0\.0:8081/];
    expectError(run, { ...named, host: 'keep_136', says });
    await pair.mend();
    await pair.untouched();
  });

  test('and takes it only when haup is at work keeps nginx from reloading: the host is put back', async () => {
    const [takes, frees] = taken(8081);
    await pair.broken('keep_136', `cat > /root/squat <<'X'\n${takes}\nX`, frees);
    scratchFile('own.conf', 'server { listen 8081; return 200 "own"; }\n');
    const { sshConfig } = labPaths(defaultRoots, mainLab);
    const run = await apply(
      inventory((it) => {
        site('own')(it);
        it.hooks = {
          before_host: `! grep -q '"host":"keep_136"' || ssh -n -F ${sshConfig} keep_136 sh /root/squat`,
        };
      }),
    );
    expectError(run, {
      exit: 1,
      code: 'SERVICE_FAILED',
      next: /Another program has that port: ss -ltnp/,
      host: 'keep_136',
      says: [
        /systemctl reload nginx failed/,
        /goes on with the one it had/,
        /0\.0\.0\.0:8081 failed .*in use/,
      ],
    });
    expect(run.stderr).toMatch(/\[keep_136\] it is as it was before/);
    await pair.mend();
    await pair.untouched();
  });

  test('is named before nginx is started; the other host serves', async () => {
    const [takes, frees] = taken(80);
    await pair.broken(
      'keep_137',
      `systemctl stop nginx; ${takes}`, // A start that systemd itself is trying may still fail on the port.
      `${frees}; for i in $(seq 300); do systemctl start nginx 2>/dev/null && exit 0; sleep 0.2; done; exit 1`,
    );
    const run = await apply(inventory());
    expectError(run, { ...named, host: 'keep_137', says: [/0\.0\.0\.0:80: perl \(process \d+\)/] });
    const vips = ['192.168.160.161', '192.168.160.162'];
    const answers = vips
      .map((vip) => `[ "$(curl -s -m 1 http://${vip}/haup/host)" = keep_136 ]`)
      .join(' && ');
    await eventuallyOnHost(mainLab, 'keep_136', answers);
    await pair.mend();
    await wellAgain();
    await expectAllWell();
  });
});

test('after all that a change is made as ever', async () => {
  const changed = await apply(inventory((it) => (it.vrrp['garp_master_refresh'] = 30)));
  expect(changed.code, changed.stderr).toBe(0);
  const back = await inLab(mainLab, ['apply', example, '--yes']);
  expect(back.code, back.stderr).toBe(0);
  await expectAllWell();
});
