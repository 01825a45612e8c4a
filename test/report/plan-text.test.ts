import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Action } from '../../src/model/action.ts';
import type { Plan, TextDiff } from '../../src/model/plan.ts';
import { widthOf } from '../../src/report/columns.ts';
import { planText } from '../../src/report/plan-text.ts';
import { plainStyle } from '../../src/report/style.ts';
import { change, clustersPlan, emptyPlan, freshPlan, install, smallPlan, start } from './samples.ts';

const plans: Readonly<Record<string, Plan>> = {
  fresh: freshPlan,
  small: smallPlan,
  clusters: clustersPlan,
  nothing: emptyPlan,
};

function lastLine(plan: Plan): string | undefined {
  return planText(plan, plainStyle, { diffs: true, width: 80 }).split('\n').at(-1);
}

/** The sign before the one change, whose title is `T`. */
function sign(actions: Action[], diffs: TextDiff[]): string | undefined {
  const work = [{ host: 'h', changes: [change('a', 'T', 'w', actions, diffs)] }];
  const plan: Plan = { tracks: [[{ title: 't', work, gate: [] }]], same: [], want: [] };
  return /^ {4}(.) T/m.exec(planText(plan, plainStyle, { diffs: false, width: 80 }))?.[1];
}

describe('planText', () => {
  test.each(Object.entries(plans))('%s at 80 columns', async (name, plan) => {
    const text = planText(plan, plainStyle, { diffs: true, width: 80 });
    await expect(`${text}\n`).toMatchFileSnapshot(`../golden/report/plan-${name}.txt`);
  });

  test('verbose shows new files whole and what stays as it is', async () => {
    const text = planText(freshPlan, plainStyle, { diffs: true, width: 80, verbose: true });
    await expect(`${text}\n`).toMatchFileSnapshot('../golden/report/plan-fresh-verbose.txt');
  });

  test.each([
    [
      60,
      4,
      'Open connections live on for up to 60 s when a VIP moves, 4 times: this can take up to 4 min longer.',
    ],
    [
      45,
      2,
      'Open connections live on for up to 45 s when a VIP moves, 2 times: this can take up to 90 s longer.',
    ],
    [60, 0, 'Open connections live on for up to 60 s when a VIP moves.'],
  ])('says what becomes of open connections: %d s, %d moves', (seconds, moves, words) => {
    const unable = [{ host: 'keep_137', why: 'it has no nft' }];
    const plan = { ...smallPlan, grace: { seconds, moves, unable, beside: ['keep_138'] } };
    const text = planText(plan, plainStyle, { diffs: false, width: 200 }).replace(/\s+/g, ' ');
    expect(text).toContain(words);
    expect(text).toContain('keep_137: connections to a VIP that moves there are reset, since it has no nft.');
    expect(text).toContain(
      'keep_138 is not changed, but passes on the open connections to a VIP that moves there.',
    );
  });

  test('at 40 columns', async () => {
    const text = planText(freshPlan, plainStyle, { diffs: false, width: 40 });
    await expect(`${text}\n`).toMatchFileSnapshot('../golden/report/plan-fresh-40.txt');
  });

  test('counts changes and hosts, with the plural only where there is one', () => {
    expect(lastLine(freshPlan)).toBe('Plan: 10 changes on 2 hosts.');
    expect(lastLine(smallPlan)).toBe('Plan: 1 change on 1 host.');
    expect(lastLine(emptyPlan)).toBe('Nothing to do: both hosts are as the inventory says.');
  });

  test('without diffs no text of a file is shown', () => {
    expect(planText(freshPlan, plainStyle, { diffs: false, width: 80 })).not.toContain('router_id');
  });

  test('signs: something new, something else than before, something gone', () => {
    expect(sign([install], [])).toBe('+');
    expect(sign([start], [])).toBe('~');
    expect(sign([], [{ path: '/a', before: null, after: 'x' }])).toBe('+');
    expect(sign([], [{ path: '/a', before: 'x', after: 'y' }])).toBe('~');
    expect(sign([], [{ path: '/a', before: 'x', after: null }])).toBe('-');
  });

  test('prose keeps within the width whenever its words do', () => {
    const words = fc
      .array(fc.stringMatching(/^[a-z]{1,10}$/), { minLength: 1, maxLength: 30 })
      .map((list) => list.join(' '));
    const anyPlan = fc.record({ title: words, why: words, stage: words, what: words }).map(
      ({ title, why, stage, what }): Plan => ({
        tracks: [
          [
            {
              title: stage,
              work: [{ host: 'keep_136', changes: [change('a', title, why, [start])] }],
              gate: ['http'],
            },
          ],
        ],
        same: [{ host: 'keep_136', what }],
        want: [],
      }),
    );
    fc.assert(
      fc.property(anyPlan, fc.integer({ min: 30, max: 130 }), fc.boolean(), (plan, width, verbose) => {
        for (const line of planText(plan, plainStyle, { diffs: true, width, verbose }).split('\n')) {
          expect(widthOf(line)).toBeLessThanOrEqual(width);
        }
      }),
    );
  });
});
