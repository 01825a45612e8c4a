import { describe, expect, test } from 'vitest';
import type { DrillReport } from '../../src/model/report.ts';
import { plainStyle } from '../../src/report/style.ts';
import { verifyText } from '../../src/report/verify-text.ts';
import { drainDrill, refuted, stopDrill, verified } from './samples.ts';

function shown(drill: DrillReport, width = 80): string {
  return verifyText(
    { version: 1, ok: drill.ok, vips: [{ address: '10.0.0.1', drills: [drill] }] },
    plainStyle,
    width,
  );
}

const row = (text: string, name: string) =>
  text.split('\n').find((line) => line.startsWith(`  ${name} `)) ?? '';

/** The line of the outage where 800 ms are allowed. */
function bar(outageMs: number): string {
  return row(shown({ ...stopDrill, outageMs, boundMs: 700, allowanceMs: 100 }), 'outage');
}

describe('verifyText', () => {
  test.each([
    ['verified', verified, 80],
    ['refuted', refuted, 80],
    ['verified-40', verified, 40],
  ])('%s', async (name, report, width) => {
    await expect(`${verifyText(report, plainStyle, width)}\n`).toMatchFileSnapshot(
      `../golden/report/verify-${name}.txt`,
    );
  });

  test('a gap shorter than a cell is seen', () => {
    const text = shown({ ...stopDrill, unanswered: [{ fromMs: 4000, toMs: 4003 }] });
    expect(row(text, 'answered').match(/×/g)).toHaveLength(1);
  });

  test('says how the bound comes about, what was answered at the second try, and a stall of this machine', () => {
    const text = shown({ ...stopDrill, formula: 'skew of b', retried: 3, stalledMs: 120 }, 100);
    expect(row(text, 'bound')).toMatch(/skew of b/);
    expect(row(text, 'lost')).toMatch(/137 of 2400 requests, 3 of them answered on a second connection/);
    expect(text).toMatch(/this machine itself stalled for up to 120 ms; not counted/);
    expect(text).toMatch(/137 of 3500 requests lost\. A second connection answered 3 of them\.$/);
    expect(shown({ ...stopDrill, retried: 0, stalledMs: 20 })).not.toMatch(/second connection|stalled/);
  });

  test('tells detection from takeover, and nothing of either where no host took over', () => {
    const takeover = (detectionMs: number | null, takeoverMs: number | null): string =>
      row(shown({ ...stopDrill, detectionMs, takeoverMs }, 100), 'takeover').trim();
    expect(takeover(689.4, 3)).toMatch(
      /keep_137 has the VIP 689 ms after the fault, and first answers 3 ms later$/,
    );
    expect(takeover(689.4, null)).toMatch(/689 ms after the fault, and does not answer$/);
    expect(takeover(null, null)).toBe('');
  });

  test('a request that only a second connection answered is lost, not folded into none', () => {
    const text = shown(
      { ...drainDrill, lost: 1, retried: 1, unanswered: [{ fromMs: 3200, toMs: 3205 }] },
      100,
    );
    expect(row(text, 'lost')).toMatch(/1 of 2400 requests, answered on a second connection/);
    expect(row(text, 'answered').match(/×/g)).toHaveLength(1);
    expect(text).toMatch(/1 of 3500 requests lost\. A second connection answered it\.$/);
  });

  test('says how often it asked where that was not as often as it should', () => {
    expect(row(shown({ ...stopDrill, intervalMs: 5, everyMs: 12.34 }), 'asked')).toMatch(
      /every 12\.3 ms on average, not every 5 ms/,
    );
    expect(shown({ ...stopDrill, intervalMs: 5, everyMs: 5.4 })).not.toMatch(/on average/);
  });

  test('the bar is full exactly when the outage reaches what is allowed, and is marked beyond it', () => {
    expect(bar(0)).not.toContain('█');
    expect(bar(400)).toMatch(/ █+░+ /);
    expect(bar(400).match(/█/g)?.length).toBe(bar(400).match(/░/g)?.length);
    expect(bar(800)).not.toMatch(/[░│]/);
    expect(bar(801)).toContain('│');
    expect(bar(900_000)).toContain('│');
  });

  test('repeats are summed up: of those that passed the worst is drawn, and each that failed', () => {
    const failed = { ...stopDrill, ok: false, reasons: ['no host took over'], outageMs: 5000 };
    const drills = [stopDrill, { ...stopDrill, outageMs: 650 }, failed, { ...stopDrill, outageMs: 600 }];
    const spread = { median: 637.3, worst: 5000, spread: 4400 };
    const figures = { outageMs: spread, lost: { median: 137, worst: 141, spread: 4 } };
    const repeats = [{ drill: 'stop', count: 5, runs: 4, ok: 3, figures }];
    const text = verifyText(
      { version: 1, ok: false, vips: [{ address: '10.0.0.1', drills, repeats }] },
      plainStyle,
      80,
    );
    expect(text.match(/stop keepalived on .*\(run \d of 4\)/g)).toHaveLength(1);
    expect(text).toContain(
      [
        '10.0.0.1 stop: 4 of 5 runs, 1 failed',
        '           median   worst     spread',
        '  outage   637 ms   5000 ms   4400 ms',
        '  lost     137      141       4',
      ].join('\n'),
    );
    const all = { count: 2, runs: 2, ok: 2, drill: 'stop', figures };
    expect(
      verifyText(
        { version: 1, ok: true, vips: [{ address: '10.0.0.1', drills: drills.slice(0, 2), repeats: [all] }] },
        plainStyle,
        80,
      ),
    ).toMatch(/\(run 1 of 2\)[^]*10\.0\.0\.1 stop: 2 runs, each within its bound/);
  });

  test('a bound of nothing, no timeline, no drills', () => {
    expect(shown({ ...drainDrill, boundMs: 0, allowanceMs: 0, outageMs: 0 })).not.toMatch(/NaN|Infinity/);
    expect(shown({ ...stopDrill, timeline: [], unanswered: [] })).not.toMatch(/NaN|Infinity|▲/);
    expect(verifyText({ version: 1, ok: true, vips: [] }, plainStyle, 80)).toBe('Nothing was drilled.');
  });

  test('very long times and names fit into very little room', () => {
    const host = 'a-host-with-a-very-long-name';
    const drill = { ...stopDrill, from: host, outageMs: 3_600_000 };
    expect(shown(drill, 30)).toContain('│');
    for (const width of [30, 40, 60, 80]) {
      for (const line of shown(drill, width).split('\n')) expect(line.length).toBeLessThanOrEqual(width);
    }
  });

  test('a drill without words is named as it is', () => {
    const { title: _title, began: _began, ended: _ended, ...flood } = { ...stopDrill, drill: 'flood' };
    expect(shown(flood)).toContain('drill flood on keep_136, keep_137 takes over');
  });
});
