// suite: builds, all
/** Builds that fail, and builds that are broken off. */

import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  apply,
  type Change,
  expectAllWell,
  expectError,
  inventory,
  lab,
  scratchFile,
  servingPair,
  rebuilt,
  wellAgain,
} from './bad-world.ts';
import { hangMs } from '../limits.ts';
import { lightNginx } from './light-builds.ts';
import { eventuallyOnHost, figure, haup, inLab, mainLab, onHost, type Run, type RunOptions } from './haup.ts';

const pair = servingPair();
const failed = { exit: 1, host: 'keep_136' };
const example = 'inventory.example.yaml';

describe('a tarball', () => {
  test('that is not what was expected', async () => {
    const run = await apply(
      inventory((it) => {
        rebuilt(it);
        it.nginx.sha256 = '0'.repeat(64);
      }),
    );
    expectError(run, {
      exit: 1,
      code: 'CHECKSUM_MISMATCH',
      host: null,
      says: [/nginx-\S+\.tar\.gz is not what was expected/, /expected 0{64}/, /got +[0-9a-f]{64}/],
      next: /No host was changed/,
    });
  });

  test('that nobody has', async () => {
    const run = await apply(
      inventory((it) => {
        rebuilt(it);
        it.nginx.urls = ['http://192.168.160.136:81/nginx-{version}.tar.gz', 'file:///nowhere/nginx.tar.gz'];
      }),
    );
    expectError(run, {
      exit: 1,
      code: 'DOWNLOAD_FAILED',
      host: null,
      says: [/192\.168\.160\.136:81\S+: connect ECONNREFUSED/, /file:\/\/\/nowhere\/nginx\.tar\.gz: ENOENT/],
      next: /mirror.*No host was changed/,
    });
    await pair.untouched();
  });

  test('that is none', async () => {
    const run = await apply(inventory(junk));
    expectError(run, {
      ...failed,
      code: 'CONFIGURE_FAILED',
      says: [/not in gzip format/],
      next: /urls: and sha256:/,
    });
    await pair.untouched();
  });
});

/** A tarball of random bytes, with its right digest: for builds that end before it is unpacked, or there. */
const junk: Change = (it) => {
  const bytes = randomBytes(1000);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  Object.assign(it.nginx, { sha256, urls: [`file://${scratchFile(`${sha256}.tar.gz`, bytes)}`] });
};

describe('nginx that only knows PCRE1', () => {
  const old: Change = (it) => {
    it.nginx.version = '1.20.2';
    junk(it);
  };

  test('on a system that no longer has it', async () => {
    await pair.broken(
      'keep_136',
      `sed 's/^VERSION_ID=.*/VERSION_ID="13"/; s/12 (bookworm)/13 (trixie)/' /etc/os-release > /run/os-release
mount --bind /run/os-release "$(readlink -f /etc/os-release)"`,
      'umount "$(readlink -f /etc/os-release)"; rm /run/os-release',
    );
    expectError(await apply(inventory(old)), {
      ...failed,
      code: 'BUILD_IMPOSSIBLE',
      says: [/nginx 1\.20\.2 cannot be built on .*13 \(trixie\).*PCRE1/],
      next: /1\.22\.1 and newer use PCRE2/,
    });
    await pair.mend();
    await pair.untouched();
  });

  test('on a host whose sources lack it', async () => {
    await pair.broken(
      'keep_136',
      `: > /run/no-sources; mkdir /run/no-lists
mount --bind /run/no-sources /etc/apt/sources.list; mount --bind /run/no-lists /var/lib/apt/lists`,
      'umount /etc/apt/sources.list /var/lib/apt/lists; rm -r /run/no-sources /run/no-lists',
    );
    expectError(await apply(inventory(old), { args: ['--allow-downgrade'] }), {
      ...failed,
      code: 'PACKAGES_FAILED',
      says: [/apt-get install libpcre3-dev failed/, /E: .*libpcre3-dev/],
      next: /PCRE1.*nginx\.version to 1\.22\.1/,
    });
    await pair.mend();
    await pair.untouched();
  });
});

describe('a build', () => {
  test('whose options ./configure does not know', async () => {
    const run = await apply(inventory((it) => it.nginx.configure.push('--with-bogus_module')));
    expectError(run, {
      ...failed,
      code: 'CONFIGURE_FAILED',
      says: [/\.\/configure of nginx \S+ failed/, /invalid option "--with-bogus_module"/],
      next: /Correct configure: in the inventory.*still runs/,
    });
    await pair.untouched();
  });

  test('that does not find what it needs', async () => {
    const run = await apply(inventory((it) => it.nginx.configure.push('--with-cc=/nowhere/cc')));
    expectError(run, {
      ...failed,
      code: 'CONFIGURE_FAILED',
      says: [/C compiler \/nowhere\/cc is not found/],
      next: /install on the host what it lacks/,
    });
    await pair.untouched();
  });

  test('that does not compile', async () => {
    // The real compiler, with a header that one file lacks.
    await pair.broken(
      'keep_136',
      `printf '#!/bin/sh\\ncase "$*" in *src/core/ngx_log.c*) set -- "$@" -include nowhere.h ;; esac\\nexec /usr/bin/cc "$@"\\n' > /usr/local/bin/cc
chmod +x /usr/local/bin/cc`,
      'rm /usr/local/bin/cc',
    );
    const run = await apply(inventory(rebuilt));
    expectError(run, {
      ...failed,
      code: 'MAKE_FAILED',
      says: [/make of nginx \S+ failed/, /fatal error: nowhere\.h: No such file/],
      next: /log named above has the whole build/,
    });
    const path = /^ {2}(\/\S+keep_136\.log)$/m.exec(run.stderr)?.[1] ?? '';
    expect(readFileSync(path, 'utf8')).toMatch(/── build nginx \S+: make\n[^]*error: /);
    await pair.mend();
    await pair.untouched();
  });
});

const lacking: readonly (readonly [string, Change, RegExp])[] = [
  [
    'keepalived without VRRP',
    (it) => void it.keepalived.configure.push('--disable-vrrp'),
    /this build lacks Use VRRP Framework, which is needed for every virtual IP/,
  ],
  [
    'nginx that passes no requests on',
    (it) => {
      it.nginx.configure.push('--without-http_proxy_module', ...lightNginx);
      it.nginx.sites = [{ name: 'app', proxy: ['192.168.160.1:9'] }];
    },
    /this build lacks http_proxy_module, which is needed for the site app/,
  ],
];

describe('a build without what is needed', () => {
  test.each(lacking)(
    '%s is refused before it is installed, and the pair goes on',
    async (_, change, says) => {
      const run = await apply(inventory(change));
      expectError(run, {
        ...failed,
        code: 'CONFIGURE_FAILED',
        says: [says],
        next: /Remove the option that leaves it out.*\.configure.*still runs/,
      });
      await pair.untouched();
    },
  );
});

// ── in the middle of a build ────────────────────────────────────────────────────────────────────

/** Applies what needs a build on keep_136, and does something while a step of it runs there. */
async function during(
  step: './configure' | 'make',
  act: (pid: number) => void,
  options: RunOptions = {},
): Promise<Run & { sinceMs: number }> {
  let [heard, at] = ['', 0];
  const run = await apply(inventory(rebuilt), {
    ...options,
    onStderr: (text, pid) => {
      heard += text;
      if (at > 0 || !heard.includes(`: ${step}\n`)) return;
      at = performance.now();
      setTimeout(() => {
        at = performance.now();
        act(pid);
      }, 500);
    },
  });
  expect(at, run.stdout + run.stderr).toBeGreaterThan(0);
  return { ...run, sinceMs: performance.now() - at };
}

describe('in the middle of a build', () => {
  const nothingRuns = (): Promise<void> =>
    eventuallyOnHost(
      mainLab,
      'keep_136',
      '[ ! -e /var/lib/haup/build ] && ! pgrep -x make && flock -n /run/haup.lock true',
    );

  test('Ctrl-C ends it on the host too', async () => {
    const run = await during('./configure', (pid) => process.kill(pid, 'SIGINT'));
    expectError(run, {
      exit: 130,
      code: 'INTERRUPTED',
      host: null,
      says: [/Interrupted/],
      next: /Run the same command again/,
    });
    figure(`Ctrl-C during ./configure: ended after ${(run.sinceMs / 1000).toFixed(1)} s`);
    expect(run.sinceMs).toBeLessThan(hangMs(5_000));
    await nothingRuns();
    await pair.untouched();
  });

  test('a compiler that is killed on the host, as by a kernel without memory, is said so', async () => {
    let killed: Promise<void> = Promise.resolve();
    const run = await during('make', () => {
      killed = eventuallyOnHost(mainLab, 'keep_136', 'pkill -KILL -x cc1');
    });
    await killed;
    expectError(run, {
      ...failed,
      code: 'MAKE_FAILED',
      says: [/make of nginx \S+ failed/, /Killed/],
      next: /log named above has the whole build/,
    });
    await nothingRuns();
    await pair.untouched();
  });

  test('a cable that is pulled ends it in bounded time', async () => {
    const patient = readFileSync(lab.sshConfig, 'utf8').replace(
      /^( *)HostName .*$/gm,
      '$&\n$1ServerAliveInterval 1',
    );
    const config = scratchFile('ssh_config.alive', patient);
    pair.mendLater(() => fault('link-up'));
    const run = await during('make', () => void fault('link-down'), { inside: { HAUP_SSH_CONFIG: config } });
    expectError(run, {
      exit: 1,
      code: 'CONNECTION_LOST',
      host: 'keep_136',
      says: [/The connection to keep_136 was lost: it stopped responding/],
      next: /Once the host answers, run the command again/,
    });
    figure(
      `cable pulled during make, asked for signs of life every second: ended after ${(run.sinceMs / 1000).toFixed(1)} s`,
    );
    expect(run.sinceMs).toBeLessThan(hangMs(8_000));
    await pair.mend();
    // What was left running there ends by itself when the host learns that nobody listens.
    await nothingRuns();
    await wellAgain();
    await pair.untouched();
  });

  test('the next apply of the same succeeds', async () => {
    const { code, stdout, stderr, ms } = await apply(inventory(rebuilt), { args: ['--limit', 'keep_136'] });
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/keep_136 .* in service/);
    figure(`nginx built, put in place and restarted on one host: ${(ms / 1000).toFixed(1)} s`);
    const back = await inLab(mainLab, ['apply', example, '--yes']);
    expect(back.code, back.stderr).toBe(0);
    await expectAllWell();
    await pair.accept();
  });

  test('a disk that has no room for a finished build', async () => {
    const sbin = '/usr/local/nginx/sbin';
    await pair.broken(
      'keep_137',
      `cp -a ${sbin} /run/sbin && mount -t tmpfs -o size=$(($(du -sk /run/sbin | cut -f1) + 512))k tmpfs ${sbin} && cp -a /run/sbin/. ${sbin}`,
      `umount ${sbin}; rm -rf /run/sbin`,
    );
    const run = await apply(inventory(rebuilt), { args: ['--limit', 'keep_137'] });
    expect(run.stdout).toMatch(/kept on this machine/);
    expectError(run, {
      exit: 1,
      code: 'DISK_FULL',
      host: 'keep_137',
      says: [/disk is full: putting nginx \S+ in place/],
      next: /untouched/,
    });
    expect(await onHost(mainLab, 'keep_137', `ls ${sbin}; /usr/local/nginx/sbin/nginx -V 2>&1`)).not.toMatch(
      /haup-new|with-threads/,
    );
    expect(run.stderr).toMatch(/\[keep_137\] it is as it was before/);
    await pair.mend();
    await wellAgain();
    await pair.untouched();
  });
});

const fault = (what: string): Promise<Run> => haup(['lab', 'fault', '--name', mainLab, 'keep_136', what]);
