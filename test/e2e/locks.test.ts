// suite: measures, all
/**
 * Who may change a cluster when: two operators on different hosts of it, a reader of the output or a terminal that
 * goes away, a clock that jumps, and a member on which something hangs.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { figure, onHost, root, type Run, runProcess, testLab } from './haup.ts';
import { killInner } from './kill.ts';
import { type Edit, fast, ownLab } from './own-lab.ts';
import { expectServed } from './probing.ts';
import { vipsHome } from './vips-home.ts';
import { hangMs } from '../limits.ts';

const names = ['keep_136', 'keep_137', 'keep_138'] as const;
/** A third member, which comes last. */
const three: Edit = (it) => {
  it.hosts['keep_138'] = { address: '192.168.160.138', interface: 'ens33' };
  it.vrrp['priorities'] = [100, 80, 60];
  for (const vip of it.vips) vip['hosts'] = [...(vip['hosts'] as string[]), 'keep_138'];
};
const connections =
  (number: number): Edit =>
  (it) =>
    void (it.nginx['worker_connections'] = number);

const { lab, scratch, inventory, inLab, well, apply, pending, underLoad, fault } = ownLab(testLab('locks'), {
  edit: three,
});
/** A hook keeps an apply at work until a file is there. */
const atItUntil =
  (file: string): Edit =>
  (it) => {
    it.hooks = { before_host: `echo at it; until [ -e ${file} ]; do sleep 0.1; done`, timeout: 600 };
  };

let path = '';
beforeAll(async () => {
  path = inventory(fast, three);
  await apply(path);
});
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  for (const host of names) {
    await fault(host, 'link-up');
    await onHost(lab, host, 'rm -f /usr/local/bin/ip /usr/local/bin/date; systemctl start keepalived');
  }
  await inLab(['apply', path, '--yes', '--lock-wait', '60']);
});

interface Told {
  readonly vips: readonly { readonly holders: readonly string[] }[];
  readonly hosts: readonly { readonly drained: boolean }[];
  readonly findings: readonly { readonly message: string }[];
}
const told = async (): Promise<Told> => JSON.parse((await inLab(['status', path, '--json'])).stdout) as Told;
const holders = async (): Promise<string[]> =>
  (await told()).vips.map(({ holders: these }) => these.join('+'));
const oneLine = (text: string): string => text.replace(/\s+/g, ' ');

/** The next apply restarts the daemon, drained if it has to be. */
async function touch(...hosts: readonly string[]): Promise<void> {
  for (const host of hosts)
    await onHost(
      lab,
      host,
      'echo "# touched" >> /etc/systemd/system/keepalived.service; systemctl daemon-reload',
    );
}

/** Nobody is drained, the VIPs are at home, nothing is locked. */
async function atHome(): Promise<void> {
  await vipsHome(lab, path);
  await expect.poll(holders, { timeout: hangMs(20_000) }).toEqual(['keep_136', 'keep_137']);
  expect((await told()).hosts.map(({ drained }) => drained)).toEqual([false, false, false]);
  expect((await well(['unlock', path, '--yes'])).stdout).toBe('No host is locked.\n');
}

describe('the lock is of the whole cluster', () => {
  test('two applies with different limits: the second finds the first at work, and nothing is lost', async () => {
    await touch('keep_136', 'keep_137');
    const came = join(scratch, 'others-came');
    const slow = inventory(fast, three, atItUntil(came));
    const runs: Promise<Run>[] = [];
    let meanwhile = '';
    const seen = await underLoad('two applies with different limits', async () => {
      let heard = '';
      runs.push(
        inLab(['apply', slow, '--yes', '--limit', 'keep_136'], {
          onStderr: (text) => {
            heard += text;
            if (runs.length > 1 || !heard.includes('at it')) return;
            const others = [
              inLab(['apply', path, '--yes', '--limit', 'keep_137']),
              inLab(['service', 'restart', 'keepalived', path, '--limit', 'keep_137', '--yes']),
            ];
            runs.push(...others);
            const look = inLab(['status', path]).then(({ stdout }) => void (meanwhile = stdout));
            void Promise.all([...others, look]).then(() => writeFileSync(came, ''));
          },
        }),
      );
      await runs[0];
      await Promise.all(runs);
    });
    const [first, second, service] = await Promise.all(runs);
    expect([first?.code, second?.code, service?.code]).toEqual([0, 5, 5]);
    expect(oneLine(second?.stderr ?? '')).toMatch(/keep_136.* is at work on it: haup apply/);
    expect(oneLine(meanwhile)).toMatch(
      / In progress on keep_136, keep_137 and keep_138: haup apply .*, by \S+@\S+, since \d{4}-/,
    );
    expectServed(seen);
    await well(['apply', path, '--yes', '--limit', 'keep_137']);
    await atHome();
  });

  test('a member that is lost is left out, and it is said what that means', async () => {
    const changed = inventory(fast, three, connections(2048));
    await fault('keep_138', 'link-down');
    try {
      const args = ['--yes', '--json', '--limit', 'keep_136', '--connect-timeout', '3'];
      const { code, stdout, stderr } = await inLab(['apply', changed, ...args]);
      expect(`${code} ${stderr}`).toMatch(/^[03] /);
      expect(stderr).toMatch(/warn: keep_138: is not locked, .*HOST_UNREACHABLE.*may change it meanwhile/);
      const findings = stdout
        .split('\n')
        .filter((line) => line.includes('"type":"finding"'))
        .map((line) => (JSON.parse(line) as { finding: object }).finding);
      expect(findings).toContainEqual(expect.objectContaining({ host: 'keep_138', level: 'warn' }));
      const back = await inLab([
        'rollback',
        'keep_136',
        changed,
        '--yes',
        '--limit',
        'keep_136',
        '--connect-timeout',
        '3',
      ]);
      expect(`${back.code} ${back.stderr}`).toMatch(/^[03] /);
      expect(back.stderr).toMatch(/keep_138: is not locked/);
    } finally {
      await fault('keep_138', 'link-up');
    }
    await apply(path);
    await atHome();
  });
});

/** Runs a pipeline of bash inside which `haup …` is haup in the lab; resolves to the exit status of haup in it. */
async function piped(pipeline: string): Promise<{ readonly code: number; readonly stderr: string }> {
  const command = `node ${join(root, 'dist/bin.js')} lab exec --name ${lab} -- env HAUP_OVERLAY= node ${join(root, 'dist/bin.js')}`;
  const { stdout, stderr } = await runProcess('bash', ['-c', `haup() { ${command} "$@"; }; ${pipeline}`]);
  return { code: Number(/haup ended with (\d+)/.exec(stdout + stderr)?.[1]), stderr };
}
const ended = 'echo "haup ended with ${PIPESTATUS[0]}" >&2';

describe('nobody is there any more', () => {
  test.each([
    ['stdout', (args: string) => `haup ${args} --json | sed '/drain/q' >/dev/null; ${ended}`],
    [
      'stderr',
      (args: string) =>
        `haup ${args} 2> >(sed '/begin: drain/q' >/dev/null) >/dev/null; echo "haup ended with $?"`,
    ],
  ])(
    'the reader of %s goes in the middle of an apply: it is ended in order, and says so',
    async (_, line) => {
      await touch('keep_136', 'keep_137');
      const { code } = await piped(line(`apply ${path} --yes`));
      expect(code).toBe(130);
      await atHome();
      await apply(path);
      await atHome();
    },
  );

  test('the terminal goes in the middle of an apply: it is ended in order, and says so', async () => {
    await touch('keep_136');
    let heard = '';
    const killing: Promise<void>[] = [];
    const run = await inLab(['apply', path, '--yes'], {
      onStderr: (text, pid) => {
        heard += text;
        if (killing.length === 0 && heard.includes('begin: drain')) killing.push(killInner(pid, 'SIGHUP'));
      },
    });
    await Promise.all(killing);
    expect(`${run.code} ${run.stderr}`).toMatch(/^130 /);
    expect(run.stderr).toMatch(/SIGHUP: finishing the current step/);
    await atHome();
    await apply(path);
  });

  test('a command that only looks ends like every program in a pipe does', async () => {
    await touch('keep_136', 'keep_137', 'keep_138');
    const { code, stderr } = await piped(`haup plan ${path} | head -n 1 >/dev/null; ${ended}`);
    // All may have been written before the reader went.
    expect([141, 3]).toContain(code);
    expect(stderr).toBe(`haup ended with ${code}\n`);
    const none = await piped(`haup plan ${path} | true; ${ended}`);
    expect(none).toEqual({ code: 141, stderr: 'haup ended with 141\n' });
    await apply(path);
  });
});

test('clocks that jump by 40 s and back in the middle of an apply do nothing', async () => {
  // The hosts have the clock of this machine, which no test may set: it is `date` that jumps on them.
  const jumping = `#!/bin/sh
step=$(cat /run/test-step 2>/dev/null || echo 0)
exec /bin/date -d "@$(($(/bin/date +%s) + step)).$(/bin/date +%N)" "$@"
`;
  for (const host of names)
    await onHost(
      lab,
      host,
      `printf '%s' '${jumping.replaceAll("'", "'\\''")}' > /usr/local/bin/date; chmod 755 /usr/local/bin/date; date +%s%3N`,
    );
  const jump = (by: number): Promise<unknown> =>
    Promise.all(names.map((host) => onHost(lab, host, `echo ${by} > /run/test-step`)));
  try {
    const jumped = join(scratch, 'clocks-jumped');
    const slow = inventory(fast, three, atItUntil(jumped));
    await touch('keep_136');
    const jumps: Promise<unknown>[] = [];
    let heard = '';
    const seen = await underLoad('clocks jump in the middle of an apply', async () => {
      const run = await inLab(['apply', slow, '--yes'], {
        onStderr: (text) => {
          heard += text;
          if (jumps.length > 0 || !heard.includes('at it')) return;
          jumps.push(
            jump(40)
              // The lock's process looks every 2 s.
              .then(() => sleep(4000))
              .then(() => jump(-40))
              .then(() => sleep(4000))
              .then(() => writeFileSync(jumped, '')),
          );
        },
      });
      expect(`${run.code} ${run.stderr}`).toMatch(/^0 /);
    });
    await Promise.all(jumps);
    expect(jumps).toHaveLength(1);
    expectServed(seen);
  } finally {
    for (const host of names) await onHost(lab, host, 'rm -f /usr/local/bin/date /run/test-step');
  }
  await apply(path);
  await atHome();
});

describe('a member on which something hangs', () => {
  const hang = (host: string): Promise<string> =>
    onHost(
      lab,
      host,
      "printf '#!/bin/sh\\nexec sleep 600\\n' > /usr/local/bin/ip; chmod 755 /usr/local/bin/ip",
    );
  const mend = (host: string): Promise<string> => onHost(lab, host, 'rm -f /usr/local/bin/ip');

  test('hides no other, and is named', async () => {
    await hang('keep_138');
    try {
      const [status, plan, verify] = await Promise.all([
        inLab(['status', path]),
        inLab(['plan', path]),
        inLab(['verify', path, '--yes']),
      ]);
      figure(`status with a host on which ip hangs: ${(status.ms / 1000).toFixed(1)} s`);
      expect(status.code).toBe(3);
      // Of which 15 s are that host's, and the rest is a busy machine's.
      expect(status.ms).toBeLessThan(15_000 + hangMs(10_000));
      expect(status.stdout).toMatch(/keep_136 .*in service/);
      expect(status.stdout).toMatch(/keep_137 .*in service/);
      expect(oneLine(status.stderr)).toMatch(/keep_138.*did not report its state within 15 s/);
      expect([plan.code, verify.code]).toEqual([1, 1]);
      expect(oneLine(plan.stderr)).toMatch(/keep_138.*did not report its state within 15 s/);
      expect(oneLine(verify.stderr)).toMatch(/keep_138.*did not report its state within 15 s/);
    } finally {
      await mend('keep_138');
    }
  });

  test('does not keep the others from a failover', async () => {
    await hang('keep_138');
    try {
      const seen = await underLoad('failover beside a host on which ip hangs', async () => {
        const { code, stderr, ms } = await inLab(['failover', 'keep_136', path, '--yes']);
        figure(`failover beside a host on which ip hangs: ${(ms / 1000).toFixed(1)} s`);
        expect(`${code} ${stderr}`).toMatch(/^0 /);
        expect(stderr).toMatch(/warn: keep_138: is left out: The host did not report its state within 15 s/);
      });
      expectServed(seen);
      await well(['failback', 'keep_136', path, '--yes']);
    } finally {
      await mend('keep_138');
    }
    await atHome();
  });
});

test('nothing is left to do', async () => {
  await apply(path);
  expect(await pending(path)).toBe(0);
});
