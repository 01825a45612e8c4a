// suite: measures
/**
 * What happens to the operator's machine, the network or a host in the middle of an apply. Each time under load:
 * what clients lose, what haup says, what is left to do, and that the next apply does it.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { defaultRoots, labPaths } from '../../src/lab/names.ts';
import { masterDownMs, skewMs } from '../../src/measure/bounds.ts';
import { eventually, eventuallyOnHost, figure, onHost, testLab } from './haup.ts';
import { killInner } from './kill.ts';
import { measured } from './measured.ts';
import { type Edit, fast, keepalivedOption, type Load, nginxOption, ownLab, soak } from './own-lab.ts';
import { expectServed } from './probing.ts';

const { lab, scratch, inventory, inLab, well, apply, pending, underLoad, fault } = ownLab(testLab('faults'));

const third = { version: 3 } as const;
/** The lower priority of the example, and what a measurement on a busy machine may add. */
const [priority, allowanceMs] = [80, 133];
/** A holder that says that it goes, and one that does not. */
const stopMs = skewMs(third, 0.1, priority) + allowanceMs;
const deadMs = masterDownMs(third, 0.1, priority) + allowanceMs;

const unicast: Edit = (it) => void (it.vrrp['unicast'] = true);
const vrids: Edit = (it) => it.vips.forEach((vip, at) => (vip['virtual_router_id'] = 61 + at));
const connections =
  (number: number): Edit =>
  (it) =>
    void (it.nginx['worker_connections'] = number);

let quick = '';
/** Both daemons change: each host is drained for it. */
let rebuilt = '';
beforeAll(async () => {
  quick = inventory(fast);
  rebuilt = inventory(fast, keepalivedOption, nginxOption);
  await apply(quick);
  await apply(rebuilt);
});

/** A test that failed leaves no host cut off, and nothing half done. */
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  for (const host of ['keep_136', 'keep_137']) {
    await fault(host, 'power-on');
    await fault(host, 'link-up');
  }
  await inLab(['apply', quick, '--yes', '--lock-wait', '60']);
});

interface Told {
  readonly vips: readonly { readonly holders: readonly string[] }[];
  readonly hosts: readonly { readonly drained: boolean }[];
}

/** Nothing is left to do, each VIP has its own holder, nobody is drained, and no half-written file lies about. */
async function allDone(wanted: string): Promise<void> {
  expect(await pending(wanted)).toBe(0);
  const told = JSON.parse((await well(['status', wanted, '--json'])).stdout) as Told;
  expect(told.vips.map(({ holders }) => holders.join('+'))).toEqual(['keep_136', 'keep_137']);
  expect(told.hosts.map(({ drained }) => drained)).toEqual([false, false]);
  const left = `find /etc /usr/local /usr/libexec -name '*.haup-new' -o -name '*.haup-keep'
find /var/lib/haup/build /var/lib/haup/stage/* /run/haup.unread.* 2>/dev/null; true`;
  for (const host of ['keep_136', 'keep_137']) expect(await onHost(lab, host, left)).toBe('');
}

// ── haup is killed ──────────────────────────────────────────────────────────────────────────────

/** Moments at which haup is killed, over all kinds of apply; `HAUP_TEST_KILLS=50` for more of them. */
const kills = Math.max(3, Number(process.env['HAUP_TEST_KILLS'] ?? (soak > 0 ? 50 : 3)));

describe('haup is killed in the middle of', () => {
  const slowStopMs = skewMs({ version: 2 }, 1, priority) + allowanceMs;
  const applies: readonly (readonly [string, readonly Edit[], readonly Edit[], number])[] = [
    [
      'files of both daemons, with adverts of 1 s',
      [],
      [connections(2048), (it) => void (it.vrrp['garp_master_refresh'] = 45)],
      slowStopMs,
    ],
    ['a hand-over', [fast], [fast, unicast, vrids], stopMs],
    ['a rebuild', [fast], [fast, keepalivedOption, nginxOption], stopMs],
  ];

  test.each(applies)(
    '%s: at most one failover, and the next apply finishes',
    async (what, from, to, bound) => {
      const paths = [inventory(...from), inventory(...to)] as const;
      await apply(paths[0]);
      const { ms: wholeMs } = await apply(paths[1]);
      const share = Math.ceil(kills / applies.length);
      let [worst, lost, total, stalledMs] = [0, 0, 0, 0];
      for (let index = 0; index < share; index += 1) {
        const wanted = paths[index % 2 === 0 ? 0 : 1];
        const atMs = (wholeMs * (index + 0.5)) / share;
        const seen = await underLoad(`killed after ${(atMs / 1000).toFixed(1)} s of ${what}`, async () => {
          let killing: Promise<void> = Promise.resolve();
          const during = (pid: number): void => {
            killing = sleep(atMs).then(() => killInner(pid, 'SIGKILL'));
          };
          const cut = await inLab(['apply', wanted, '--yes'], { during });
          await killing;
          expect([0, 137]).toContain(cut.code);
          await well(['apply', wanted, '--yes', '--lock-wait', '60']);
        });
        await allDone(wanted);
        worst = Math.max(worst, seen.longestGapMs);
        lost += seen.lost;
        total += seen.total;
        stalledMs = Math.max(stalledMs, seen.stalledMs);
      }
      figure(
        `haup killed at ${share} moments of ${what}: ${lost} of ${total} lost, longest gap ${worst.toFixed(0)} ms`,
      );
      measured(stalledMs, () => expect(worst).toBeLessThan(bound));
      await apply(quick);
    },
  );
});

test('haup is killed when one host has read what all must read: the others read it by themselves', async () => {
  const [base, changed] = [inventory(fast), inventory(fast, unicast, vrids)];
  await apply(base);
  let killedAt = 0;
  const seen = await underLoad('killed between two who must agree', async () => {
    let heard = '';
    const killing: Promise<void>[] = [];
    await inLab(['apply', changed, '--yes'], {
      onStderr: (text, pid) => {
        heard += text;
        if (killing.length > 0 || !/\[keep_13\d\] begin: reload keepalived/.test(heard)) return;
        killing.push(
          sleep(150).then(() => {
            killedAt = performance.now();
            return killInner(pid, 'SIGKILL');
          }),
        );
      },
    });
    expect(killing).toHaveLength(1);
    await Promise.all(killing);
    const read =
      'ls /run/haup.unread.keepalived /run/haup.finish* 2>/dev/null; ip -o addr show | grep -c "160.16[12]"';
    const both = async (): Promise<string> =>
      `${await onHost(lab, 'keep_136', `${read}; true`)}${await onHost(lab, 'keep_137', `${read}; true`)}`;
    await eventually('each VIP is on one host', async () => /^(0\n2|1\n1|2\n0)\n$/.test(await both()));
    figure(
      `killed in a hand-over: one holder of each VIP again after ${(performance.now() - killedAt).toFixed(0)} ms`,
    );
    await well(['apply', changed, '--yes', '--lock-wait', '60']);
  });
  measured(seen.stalledMs, () => expect(seen.longestGapMs).toBeLessThan(stopMs));
  await allDone(changed);
  await apply(quick);
});

// ── a host or its network fails ─────────────────────────────────────────────────────────────────

interface Blow {
  readonly what: string;
  /** A piece of what haup says at the moment it is to happen. */
  readonly at: string;
  /** With `held`, haup stands still from that moment on until it calls `goOn`. */
  readonly strike: (goOn: () => Promise<void>, said: (what: RegExp) => Promise<void>) => Promise<unknown>;
  readonly held?: true;
  /** Looks at how it is while it lasts. */
  readonly meanwhile?: (wanted: string) => Promise<void>;
  readonly mend?: () => Promise<unknown>;
  readonly code: number;
  readonly says?: RegExp;
  /** The hosts are asked for a sign of life every 2 s in place of every 10. */
  readonly patient?: false;
}

/** Applies `rebuilt` or takes it back; strikes; mends; applies again. Gives what clients saw of all of it. */
async function struck({ what, at, strike, held, meanwhile, mend, code, says, patient }: Blow): Promise<Load> {
  const wanted = (await pending(rebuilt)) === 0 ? quick : rebuilt;
  const seen = await underLoad(what, async () => {
    let heard = '';
    let outer = 0;
    const blows: Promise<unknown>[] = [];
    const signal = async (name: NodeJS.Signals): Promise<void> => {
      if (held) await killInner(outer, name);
    };
    const blow = async (): Promise<void> => {
      await signal('SIGSTOP');
      try {
        await strike(
          () => signal('SIGCONT'),
          (words) => eventually(`haup says ${words.source}`, async () => words.test(heard)),
        );
      } finally {
        await signal('SIGCONT');
      }
    };
    const run = await inLab(['apply', wanted, '--yes'], {
      during: (pid) => (outer = pid),
      ...(patient === false ? { inside: { HAUP_SSH_CONFIG: impatient() } } : {}),
      onStderr: (text) => {
        heard += text;
        if (blows.length === 0 && heard.includes(at)) blows.push(blow());
      },
    });
    expect(blows, run.stdout + run.stderr).toHaveLength(1);
    await Promise.all(blows);
    expect(run.code, run.stderr).toBe(code);
    if (says !== undefined) expect(run.stderr.replace(/\s+/g, ' ')).toMatch(says);
    figure(`${what}: haup ended with ${run.code} after ${(run.ms / 1000).toFixed(1)} s`);
    await meanwhile?.(wanted);
    await mend?.();
    const left = await inLab(['plan', wanted]);
    expect([0, 3]).toContain(left.code);
    await well(['apply', wanted, '--yes', '--lock-wait', '60']);
  });
  await allDone(wanted);
  return seen;
}

/** The lab's ssh_config with signs of life every 2 s. */
function impatient(): string {
  const path = join(scratch, 'ssh_config');
  const text = readFileSync(labPaths(defaultRoots, lab).sshConfig, 'utf8');
  writeFileSync(path, text.replace(/^( *)HostName .*$/gm, '$&\n$1ServerAliveInterval 2'));
  return path;
}

const drained = '[keep_136] done: drain';
const lostHost =
  /(keep_136 was lost|keep_136: The host is shutting down or rebooting).*Once the host answers, run the command again/;

describe('the host in its turn', () => {
  test('has its cable pulled for 3 s: the apply waits and goes on', async () => {
    const seen = await struck({
      what: 'cable pulled for 3 s',
      at: drained,
      strike: async () => {
        await fault('keep_136', 'link-down');
        await sleep(3000);
        await fault('keep_136', 'link-up');
      },
      code: 0,
    });
    expectServed(seen);
  });

  test('has its cable pulled for 60 s, which haup takes to be for good', async () => {
    let upAt = 0;
    const seen = await struck({
      what: 'cable pulled for 60 s',
      at: drained,
      strike: async () => {
        upAt = performance.now() + 60_000;
        await fault('keep_136', 'link-down');
      },
      code: 1,
      says: lostHost,
      meanwhile: async (wanted) => {
        const plan = await inLab(['plan', wanted, '--connect-timeout', '2']);
        expect(plan.code).toBe(4);
        expect(plan.stderr).toMatch(/HOST_UNREACHABLE/);
        // So does a rollback, unless the lost one is left out, which is said.
        expect((await inLab(['rollback', wanted, '--dry-run', '--connect-timeout', '2'])).code).toBe(4);
        const back = await inLab(['rollback', wanted, '--limit', 'keep_137', '--dry-run']);
        expect([0, 3]).toContain(back.code);
        expect(back.stderr).toMatch(/keep_136 left out by --limit/);
        // The other one serves alone: to interrupt it is refused, and it goes on as before.
        const alone = await inLab(['apply', wanted, '--yes', '--limit', 'keep_137']);
        expect(alone.code).toBe(1);
        expect(alone.stderr.replace(/\s+/g, ' ')).toMatch(
          /keep_137 still holds 192\.168\.160\.161 and 192\.168\.160\.162.*GATE_FAILED/,
        );
        expect(alone.stderr).toMatch(/\[keep_137\] it is as it was before/);
      },
      mend: async () => {
        await sleep(Math.max(0, upAt - performance.now()));
        await fault('keep_136', 'link-up');
      },
    });
    expectServed(seen);
  });

  test('reboots', async () => {
    const seen = await struck({
      what: 'reboot',
      at: drained,
      strike: () => fault('keep_136', 'reboot'),
      code: 1,
      says: lostHost,
    });
    expectServed(seen);
  });

  test('loses its power', async () => {
    const seen = await struck({
      what: 'power cut',
      at: drained,
      strike: () => fault('keep_136', 'power-off'),
      patient: false,
      code: 1,
      says: lostHost,
      mend: () => fault('keep_136', 'power-on'),
    });
    expectServed(seen);
  });
});

describe('the host that serves meanwhile', () => {
  const servesAgain =
    /keep_136.*has VIPs that another was to have.*Once it is back.*run the command again.*GATE_FAILED/;

  /** Else it would be chance whether the host is restarted just before it has to serve again. */
  const serving = async (): Promise<void> => {
    await eventuallyOnHost(lab, 'keep_136', '[ "$(ip -o addr | grep -c "160[.]16[12]/")" = 2 ]');
  };

  test('has its cable pulled: one failover, to the host that was drained', async () => {
    const seen = await struck({
      what: 'cable of the serving host pulled',
      at: drained,
      held: true,
      strike: async (goOn, said) => {
        await fault('keep_137', 'link-down');
        await serving();
        await goOn();
        // However long what comes before the restart takes: once the cable is back the other host serves again.
        await said(/\[keep_136\] failed: .*GATE_FAILED/);
        await fault('keep_137', 'link-up');
      },
      code: 1,
      says: servesAgain,
    });
    // With adverts this fast it is back before it knows the hardware address of its clients again: it asks for one
    // that it could not get once a second (retrans_time_ms).
    measured(seen.stalledMs, () => expect(seen.longestGapMs).toBeLessThan(1000 + allowanceMs));
  });

  test('loses its power: one failover, to the host that was drained', async () => {
    const seen = await struck({
      what: 'power cut of the serving host',
      at: drained,
      held: true,
      strike: async (goOn) => {
        await fault('keep_137', 'power-off');
        await serving();
        await goOn();
      },
      patient: false,
      code: 1,
      says: servesAgain,
      mend: () => fault('keep_137', 'power-on'),
    });
    measured(seen.stalledMs, () => expect(seen.longestGapMs).toBeLessThan(deadMs));
  });
});

test('a client that never ends its request keeps a drained nginx for a second, not for ten', async () => {
  const wanted = (await pending(rebuilt)) === 0 ? quick : rebuilt;
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
    const wanted = change ?? ((await pending(rebuilt)) === 0 ? quick : rebuilt);
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
    const wanted = (await pending(rebuilt)) === 0 ? quick : rebuilt;
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
    await apply(quick);
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
    await apply(quick);
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

describe('two applies at once', () => {
  test('with --lock-wait both are made, one after the other; without it one is refused', async () => {
    const [first, second] = [inventory(fast, connections(700)), inventory(fast, connections(701))];
    const seen = await underLoad('two applies at once', async () => {
      const wait = ['--yes', '--lock-wait', '60'];
      const both = await Promise.all([inLab(['apply', first, ...wait]), inLab(['apply', second, ...wait])]);
      expect(both.map(({ code }) => code)).toEqual([0, 0]);
      const last = (await pending(first)) === 0 ? first : second;
      expect(await pending(last)).toBe(0);
      expect(await pending(last === first ? second : first)).toBe(3);
      const other = last === first ? second : first;
      const again = await Promise.all([0, 1].map(() => inLab(['apply', other, '--yes'])));
      // The later one is refused, or comes after the first has ended.
      expect(again.map(({ code }) => code).filter((code) => code !== 0 && code !== 5)).toEqual([]);
      const refused = again.find(({ code }) => code === 5);
      if (refused !== undefined)
        expect(refused.stderr.replace(/\s+/g, ' ')).toMatch(/is at work on it: haup apply.*haup unlock/);
      expect(await pending(other)).toBe(0);
    });
    expectServed(seen);
    await apply(quick);
    await allDone(quick);
  });
});
