import { expect, test } from 'vitest';
import { hostChanges, settledChanges } from '../../src/check/status-changes.ts';
import type { StatusReport } from '../../src/model/status-shape.ts';
import { well } from '../report/samples.ts';

const [vip] = well.vips;
const [host] = well.hosts;
if (vip === undefined || host === undefined) throw new Error('the sample is empty');
const run = { who: 'ana@desk', since: '2026-11-29T10:00:00.000Z', why: 'haup apply', hosts: ['keep_136'] };
const both = (before: StatusReport | null, after: StatusReport) => [
  ...hostChanges(before, after),
  ...settledChanges(before, after),
];
const finding = { check: 'drained', level: 'warn', host: 'keep_136', message: 'is drained' } as const;

test('nothing differs', () => expect(both(well, structuredClone(well))).toEqual([]));

test('at first everything is new', () => {
  expect(both(null, well).map(({ type }) => type)).toEqual([
    ...well.vips.map(() => 'holders'),
    ...well.hosts.map(() => 'host'),
  ]);
});

test.each<[string, StatusReport, StatusReport, object]>([
  [
    'a holder',
    well,
    { ...well, vips: [{ ...vip, holders: ['keep_137'] }, ...well.vips.slice(1)] },
    { type: 'holders', vip: vip.address, holders: ['keep_137'], before: vip.holders },
  ],
  [
    'a host',
    well,
    { ...well, hosts: [{ ...host, drained: true }, ...well.hosts.slice(1)] },
    { type: 'host', ...host, drained: true },
  ],
  ['a run that begins', well, { ...well, runs: [run] }, { type: 'run', ...run }],
  ['and ends', { ...well, runs: [run] }, well, { type: 'run-ended', ...run }],
  ['a finding', well, { ...well, findings: [...well.findings, finding] }, { type: 'finding', finding }],
  ['that is gone', { ...well, findings: [...well.findings, finding] }, well, { type: 'resolved', finding }],
])('%s', (_what, before, after, change) => expect(both(before, after)).toEqual([change]));

test('a run is the same on one host more', () => {
  const more = { ...well, runs: [{ ...run, hosts: ['keep_136', 'keep_137'] }] };
  expect(both({ ...well, runs: [run] }, more)).toEqual([]);
});
