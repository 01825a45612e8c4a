import { expect, test } from 'vitest';
import { runDrill } from '../../src/drill/drills.ts';
import type { DrillReport, RequestLog } from '../../src/model/report.ts';
import { momentsOf } from '../../src/report/moments.ts';
import { halves, outageSpan } from '../../src/report/outage-span.ts';
import { fakeEnvironment, pair, vrrp } from '../fakes/drill-environment.ts';

async function drilled(drill: 'stop' | 'drain'): Promise<DrillReport & { readonly requests: RequestLog }> {
  const [from, to] = pair[0].members;
  const given = { drill, fault: { kind: drill }, vip: pair[0], vrrp, from, to, beside: [], tag: 't' };
  const report = await runDrill(given, fakeEnvironment(pair, vrrp), new AbortController().signal);
  if (report.requests === undefined) throw new Error('no requests');
  return { ...report, requests: report.requests };
}

test('the moments of a stop, in order, each at its own time', async () => {
  const drill = await drilled('stop');
  const moments = momentsOf(drill);
  expect(moments.map(({ what }) => what)).toMatchInlineSnapshot(`
    [
      "stopped on keep_136",
      "keep_136 drops the VIP",
      "first request lost",
      "keep_137 gets the VIP",
      "first answer by keep_137",
      "started again on keep_136",
      "keep_137 drops the VIP",
      "keep_136 gets the VIP",
      "first answer by keep_136",
    ]
  `);
  expect(moments.map(({ ms }) => ms)).toEqual(moments.map(({ ms }) => ms).toSorted((a, b) => a - b));
  const at = (what: string): number => moments.find((one) => one.what === what)?.ms ?? Number.NaN;
  expect(at('stopped on keep_136')).toBe(0);
  expect(at('started again on keep_136')).toBe(drill.restoredMs);
  expect(at('first request lost')).toBe(drill.unanswered[0]?.fromMs);
  expect(at('keep_137 gets the VIP')).toBe(drill.timeline[1]?.fromMs);
});

test('a drain loses nothing, so no moment says so', async () => {
  const moments = momentsOf(await drilled('drain'));
  expect(moments.map(({ what }) => what)).not.toContain('first request lost');
  expect(moments[0]).toEqual({ ms: 0, what: 'drained on keep_136' });
});

test('the outage lies from the last answer before it, as long as the report says', async () => {
  const drill = await drilled('stop');
  const { there, back } = halves(drill);
  const span = outageSpan(drill.requests, there, drill.outageMs);
  const { sentMs, tookMs, lost } = drill.requests;
  const before = (lost[0] ?? 0) - 1;
  expect(span?.fromMs).toBeCloseTo((sentMs[before] ?? 0) + (tookMs[before] ?? 0), 5);
  const after = (lost.at(-1) ?? 0) + 1;
  expect(span?.toMs).toBeCloseTo((sentMs[after] ?? 0) + (tookMs[after] ?? 0), 0);
  const home = outageSpan(drill.requests, back, drill.failback?.outageMs ?? 0);
  expect(home?.fromMs).toBeGreaterThanOrEqual(drill.restoredMs ?? 0);
  expect(outageSpan({ hosts: [], sentMs: [], tookMs: [], by: [], lost: [] }, there, 10)).toBeNull();
});
