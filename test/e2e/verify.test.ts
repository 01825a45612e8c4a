// suite: measures
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { FailoverReport } from '../../src/model/failover-shape.ts';
import type { VerifyReport } from '../../src/model/report.ts';
import { withoutRequests } from '../../src/report/without-requests.ts';
import { hangMs } from '../limits.ts';
import { eventually, figure, inLab, mainLab, onHost, type Run } from './haup.ts';
import { measured } from './measured.ts';
import { soak } from './own-lab.ts';
import { vipsHome } from './vips-home.ts';
import { scratchDirectory } from '../scratch.ts';

const example = 'inventory.example.yaml';
const [one, two] = ['192.168.160.161', '192.168.160.162'];

const run = (...args: string[]): Promise<Run> => inLab(mainLab, args);
const verify = async (): Promise<{ code: number; report: VerifyReport; ms: number }> => {
  const files = ['--report', reportFile, '--junit', `${reportFile}.xml`];
  const { code, stdout, ms } = await run('verify', example, '--yes', '--json', ...files);
  return { code, report: JSON.parse(stdout) as VerifyReport, ms };
};
/** A second time is another move for the hosts: they have been drained before. */
const rounds = Array.from({ length: Math.max(2, soak) }, (_, at) => at + 1);
const scratch = scratchDirectory();
const reportFile = join(scratch, 'report.html');
/** What the HTML report carries of the run that was last. */
const reported = (): VerifyReport => {
  const [, data = ''] =
    /<script type="application\/json" id="data">(.*)<\/script>/.exec(readFileSync(reportFile, 'utf8')) ?? [];
  return (JSON.parse(data) as { report: VerifyReport }).report;
};
const move = async (...args: string[]): Promise<{ code: number; report: FailoverReport }> => {
  const [command = '', host = '', ...more] = args;
  const { code, stdout } = await run(command, host, example, '--yes', '--json', ...more);
  return { code, report: JSON.parse(stdout) as FailoverReport };
};

const stalled = (measurements: readonly { readonly stalledMs?: number }[]): number =>
  Math.max(...measurements.map(({ stalledMs }) => stalledMs ?? 0));
const stalledInWords = (text: string): number =>
  Number(/this machine itself stalled for up to ([\d.]+) ms/.exec(text)?.[1] ?? 0);

const holders = async (): Promise<readonly (readonly string[])[]> => {
  const { stdout } = await run('status', example, '--json');
  return (JSON.parse(stdout) as { vips: { holders: string[] }[] }).vips.map((vip) => vip.holders);
};
const home = [['keep_136'], ['keep_137']];

async function everythingIsHome(): Promise<void> {
  await vipsHome(mainLab, example);
  await eventually('every VIP is home', async () => JSON.stringify(await holders()) === JSON.stringify(home));
}
/** Timers that a drill left on a host. */
const timers = (host: string): Promise<string> =>
  onHost(mainLab, host, "systemctl list-units --all --no-legend 'haup-drill-*'");

/** Their timers are gone at once. A watch ends when its shell has heard that haup has: a moment later. */
async function nothingIsLeft(): Promise<void> {
  const hosts = ['keep_136', 'keep_137'];
  const watches = (host: string): Promise<string> =>
    onHost(mainLab, host, "pgrep -af '[i]p -o .*monitor' || true");
  for (const host of hosts) expect(await timers(host), host).toBe('');
  await eventually(
    'no watch runs on the hosts',
    async () => (await Promise.all(hosts.map(watches))).join('') === '',
    // One that haup forgot would run for minutes.
    hangMs(5_000),
  );
}

afterEach(everythingIsHome);

describe('verify', () => {
  test('measures both VIPs within 15 % and 30 ms of the bound, failback without an outage', async () => {
    const { code, report, ms } = await verify();
    figure(`verify of both VIPs: ${(ms / 1000).toFixed(1)} s`);
    const drills = report.vips.flatMap((vip) => vip.drills);
    for (const drill of drills) {
      figure(
        `stop ${drill.from}: outage ${drill.outageMs} ms (bound ${drill.boundMs}), lost ${drill.lost} of ${drill.total}; failback lost ${drill.failback?.lost} of ${drill.failback?.total}, ${drill.failback?.retried} of them retried; stalled ${drill.stalledMs} ms`,
      );
    }
    measured(stalled(drills), () => {
      expect(drills.flatMap(({ reasons }) => reasons)).toEqual([]);
      for (const drill of drills) {
        expect(Math.abs(drill.outageMs - drill.boundMs)).toBeLessThan(drill.boundMs * 0.15 + 30);
        expect(drill.lost).toBeGreaterThan(100);
        expect(drill.total).toBeGreaterThan(drill.lost + 200);
        expect(drill.noneHeldMs).toBeGreaterThan(600);
        expect(drill.failback).toMatchObject({ lost: drill.failback?.retried });
        expect(drill.failback?.lost).toBeLessThanOrEqual(1);
      }
    });
    const page = reported();
    expect(withoutRequests(page).vips).toEqual(report.vips);
    for (const drill of page.vips.flatMap((vip) => vip.drills)) {
      expect(drill.requests?.sentMs).toHaveLength(drill.total + (drill.failback?.total ?? 0));
      expect(drill.requests?.lost).toHaveLength(drill.lost + (drill.failback?.lost ?? 0));
    }
    expect(readFileSync(`${reportFile}.xml`, 'utf8').match(/<testcase /g)).toHaveLength(drills.length);
    expect(code).toBe(0);
    expect(report).toMatchObject({
      version: 1,
      ok: true,
      vips: [
        {
          address: one,
          drills: [{ drill: 'stop', from: 'keep_136', to: 'keep_137', boundMs: 687.5, ok: true }],
        },
        {
          address: two,
          drills: [{ drill: 'stop', from: 'keep_137', to: 'keep_136', boundMs: 687.5, ok: true }],
        },
      ],
    });
    await nothingIsLeft();
  });

  test('says in words who held the VIP when, and refuses without a terminal or --yes', async () => {
    const { code, stdout } = await run('verify', example, '--yes', '--vip', one);
    measured(stalledInWords(stdout), () => expect(code, stdout).toBe(0));
    expect(stdout).toMatch(/192\.168\.160\.161: stop keepalived on keep_136, keep_137 takes over +✓ ok/);
    expect(stdout).toMatch(/bound 688 ms/);
    expect(stdout).not.toContain(two);
    const unasked = await run('verify', example);
    expect(unasked.code).toBe(2);
    expect(unasked.stderr).toMatch(/--yes/);
    expect((await run('verify', example, '--yes', '--vip', '10.0.0.1')).code).toBe(2);
  });

  test('breaks nothing where no healthy host could take over', async () => {
    await onHost(mainLab, 'keep_137', 'systemctl stop nginx');
    try {
      const { code, report } = await verify();
      expect(code).toBe(3);
      expect(report.ok).toBe(false);
      expect(report.vips[0]?.drills[0]?.reasons.join()).toMatch(
        /no other host could take over \(keep_137: nginx is inactive\)/,
      );
      expect(await onHost(mainLab, 'keep_136', 'systemctl is-active keepalived')).toBe('active\n');
    } finally {
      await onHost(mainLab, 'keep_137', 'systemctl start nginx');
    }
  });

  const asStarted = 'systemctl show -p ActiveEnterTimestampMonotonic keepalived';
  test('finds two holders of one VIP, though every request is answered', async () => {
    // A keepalived that hangs says nothing, so keep_137 takes the VIP, and keep_136 still has it.
    const untouched = await onHost(mainLab, 'keep_137', asStarted);
    await onHost(mainLab, 'keep_136', 'pkill -STOP -x keepalived');
    try {
      await eventually('both hold it', async () => (await holders())[0]?.length === 2);
      const { code, report } = await verify();
      expect(code).toBe(3);
      expect(report.vips[0]?.drills[0]?.reasons.join()).toMatch(/both hold the VIP: split brain/);
      const [drill] = report.vips[0]?.drills ?? [];
      measured(drill?.stalledMs ?? 0, () => expect(drill?.lost).toBe(0));
      // Nor is the other one taken from the only host that is well.
      expect(report.vips[1]?.drills[0]?.reasons.join()).toMatch(
        /not drilled: .* both hold 192\.168\.160\.161/,
      );
      expect(await onHost(mainLab, 'keep_137', asStarted)).toBe(untouched);
    } finally {
      await onHost(mainLab, 'keep_136', 'pkill -CONT -x keepalived');
    }
  });
});

describe('verify puts back what it broke', () => {
  /** Runs verify and calls `act` with its own process while keepalived is stopped on keep_136. */
  async function cutOff(act: (pid: number) => void): Promise<Run> {
    let waiting: Promise<void> = Promise.resolve();
    const outcome = await inLab(mainLab, ['verify', example, '--yes', '--vip', one], {
      during: (pid) => {
        waiting = eventually('the drill has begun', async () => {
          const state = await onHost(mainLab, 'keep_136', 'systemctl is-active keepalived || true');
          if (!/^(inactive|deactivating)/.test(state)) return false;
          act(pid);
          return true;
        });
      },
    });
    await waiting;
    return outcome;
  }

  test('after Ctrl-C, at once', async () => {
    const { code, stderr } = await cutOff((pid) => process.kill(pid, 'SIGINT'));
    expect(code).toBe(130);
    expect(stderr).toMatch(/keep_136\] restored after the drill/);
    expect(await onHost(mainLab, 'keep_136', 'systemctl is-active keepalived')).toBe('active\n');
    await nothingIsLeft();
  });

  test('when it is killed, by the timer on the host', async () => {
    await cutOff((pid) => process.kill(pid, 'SIGKILL'));
    expect(await timers('keep_136')).toMatch(/haup-drill-stop-51-[\w-]+\.timer/);
    await eventually(
      'the dead man has started keepalived',
      async () =>
        (await onHost(mainLab, 'keep_136', 'systemctl is-active keepalived || true')) === 'active\n',
    );
    await everythingIsHome();
    await eventually(
      'the timers have ended',
      async () => `${await timers('keep_136')}${await timers('keep_137')}` === '',
    );
    await nothingIsLeft();
  });
});

describe('failover and failback', () => {
  test.each(rounds)('leave no request without an answer, there and back (%i)', async () => {
    // Where this is repeated, the last way back may have failed.
    await run('failback', 'keep_136', example, '--yes');
    await vipsHome(mainLab, example);
    const away = await move('failover', 'keep_136');
    const back = await move('failback', 'keep_136');
    measured(stalled([...away.report.vips, ...back.report.vips]), () => {
      expect(away.report).toMatchObject({
        version: 1,
        ok: true,
        host: 'keep_136',
        mode: 'drain',
        vips: [{ address: one, from: 'keep_136', to: 'keep_137' }],
        after: [{ holders: ['keep_137'] }, { holders: ['keep_137'] }],
      });
      expect(away.code).toBe(0);
      expect(back.report).toMatchObject({
        ok: true,
        vips: [{ address: one, from: 'keep_137', to: 'keep_136' }],
      });
    });
    for (const { report } of [away, back]) {
      const [vip] = report.vips;
      measured(vip?.stalledMs ?? 0, () => {
        expect(vip?.lost).toBe(vip?.retried);
        expect(vip?.lost).toBeLessThanOrEqual(1);
      });
      figure(
        `${report.mode}: lost ${vip?.lost} of ${vip?.total}, ${vip?.retried} of them retried, longest gap ${vip?.outageMs} ms, moved after ${vip?.movedMs} ms`,
      );
    }
  });

  test('a drained host stays so over a restart of keepalived, and a second failover has nothing to do', async () => {
    await move('failover', 'keep_136');
    await onHost(mainLab, 'keep_136', 'systemctl restart keepalived');
    await sleep(5_000);
    expect(await holders()).toEqual([['keep_137'], ['keep_137']]);
    const again = await run('failover', 'keep_136', example);
    expect(again.code).toBe(0);
    expect(again.stdout).toMatch(/Nothing to do: keep_136 is already drained/);
    // Nobody is left for keep_137's VIPs.
    const refused = await run('failover', 'keep_137', example, '--yes');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/FAILOVER_REFUSED/);
    expect(refused.stderr.replaceAll(/\s+/g, ' ')).toMatch(/has no healthy backup \(keep_136: is drained\)/);
    expect((await move('failback', 'keep_136')).code).toBe(0);
    expect((await run('failback', 'keep_136', example)).stdout).toMatch(
      /Nothing to do: keep_136 is already in service/,
    );
  });

  test('by stop: as the seed does it, within the bound; failback starts keepalived', async () => {
    const { code, report } = await move('failover', 'keep_137', '--mode', 'stop');
    const state = await onHost(mainLab, 'keep_137', 'systemctl is-active keepalived || true');
    const back = (await move('failback', 'keep_137')).report;
    measured(stalled([...report.vips, ...back.vips]), () => {
      expect(report.reasons).toEqual([]);
      expect(code).toBe(0);
      expect(report.vips[0]?.outageMs).toBeGreaterThan(600);
      expect(back).toMatchObject({ ok: true, vips: [{ to: 'keep_137' }] });
    });
    expect(state).toBe('inactive\n');
  });

  test('is refused while the backup does not serve, and asks before it moves anything', async () => {
    await onHost(mainLab, 'keep_137', 'systemctl stop nginx');
    try {
      const refused = await run('failover', 'keep_136', example, '--yes');
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(/nginx is inactive/);
    } finally {
      await onHost(mainLab, 'keep_137', 'systemctl start nginx');
    }
    await everythingIsHome();
    const unasked = await run('failover', 'keep_136', example);
    expect(unasked.code).toBe(2);
    expect(unasked.stderr).toMatch(/192\.168\.160\.161 to keep_137/);
    expect((await run('failover', 'nobody', example, '--yes')).code).toBe(2);
  });
});
