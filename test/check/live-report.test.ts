import { expect, test } from 'vitest';
import { type LiveHost, liveReport } from '../../src/check/live-report.ts';
import { exampleInventory } from '../fakes/example.ts';
import { bareFacts, runningService as service } from '../fakes/host.ts';

const [one, two] = ['192.168.160.161', '192.168.160.162'];
const software = (version: string) => ({ path: '/x', version, configure: [], stamp: null });
const live = (host: string, held: readonly string[], changes: Partial<LiveHost> = {}): LiveHost => ({
  facts: bareFacts(host, {
    services: { keepalived: service, nginx: service },
    software: { keepalived: software('2.2.7'), nginx: software('1.22.1') },
    // As it was when the facts were gathered.
    interfaces: [
      { name: 'lo', up: true, addresses: ['127.0.0.1/8'] },
      { name: 'ens33', up: true, addresses: ['192.168.160.136/24', `${one}/32`] },
    ],
    clockMs: 50_000,
  }),
  gatheredAtMs: 50_000,
  held: new Set(['192.168.160.136', ...held]),
  answers: true,
  ...changes,
});
const report = (a: LiveHost | null, b: LiveHost | null) =>
  liveReport(
    exampleInventory(),
    new Map([
      ['keep_136', a],
      ['keep_137', b],
    ]),
    80_000,
  );
const wrong = (of: ReturnType<typeof report>) =>
  of.findings.flatMap(({ level, vip, host, message }) =>
    level === 'ok' ? [] : [`${level} ${vip ?? host}: ${message}`],
  );

test('who holds a VIP is what the kernels have said since the facts, whose clocks have gone on', () => {
  const well = report(live('keep_136', [one]), live('keep_137', [two]));
  expect(wrong(well)).toEqual([]);
  expect(well.vips.map(({ holders }) => holders)).toEqual([['keep_136'], ['keep_137']]);
  const moved = report(live('keep_136', []), live('keep_137', [one, two]));
  expect(moved.vips.map(({ holders }) => holders)).toEqual([['keep_137'], ['keep_137']]);
});

test('nginx that runs and does not answer is out of service, and no VIP is expected there', () => {
  const hung = report(live('keep_136', [], { answers: false }), live('keep_137', [one, two]));
  expect(hung.hosts[0]?.nginx?.state).toBe('unresponsive');
  expect(hung.vips[0]?.expected).toBe('keep_137');
  expect(wrong(hung)).toEqual(['fail keep_136: nginx is unresponsive']);
  expect(hung.findings.find(({ level }) => level === 'fail')?.hint).toContain('haup service restart nginx');
});

test('one that is down is called what systemd calls it, whatever curl says', () => {
  const down = live('keep_136', [], { answers: false });
  const facts = { ...down.facts, services: { keepalived: service, nginx: { ...service, active: 'failed' } } };
  expect(report({ ...down, facts }, live('keep_137', [one, two])).hosts[0]?.nginx?.state).toBe('failed');
});

test('a lost host holds nothing that is seen', () => {
  const lost = report(null, live('keep_137', [two]));
  expect(lost.vips.map(({ holders }) => holders)).toEqual([[], ['keep_137']]);
  expect(lost.hosts[0]?.reachable).toBe(false);
});
