// suite: measures, all
/**
 * What happens to the network or to a host in the middle of an apply. Each time under load: what clients lose, what
 * haup says, what is left to do, and that the next apply does it.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { defaultRoots, labPaths } from '../../src/lab/names.ts';
import { allowanceMs, deadMs, faultLab } from './fault-lab.ts';
import { eventually, eventuallyOnHost, figure, testLab } from './haup.ts';
import { killInner } from './kill.ts';
import { measured } from './measured.ts';
import type { Load } from './own-lab.ts';
import { expectServed } from './probing.ts';

const { lab, scratch, inLab, well, underLoad, fault, other, allDone } = faultLab(testLab('faults'));

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
  const wanted = await other();
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
    /keep_136.*still has VIPs that another host should have by now.*Once it is back.*run the command again.*GATE_FAILED/;

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
