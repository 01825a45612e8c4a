import { expect, test } from 'vitest';
import { statusReport } from '../../src/check/status-report.ts';
import type { HostFacts } from '../../src/model/facts.ts';
import { exampleInventory } from '../fakes/example.ts';
import type { Vrrp } from '../../src/model/domain.ts';
import { bareFacts, runningService as service } from '../fakes/host.ts';

const version = (number: string) => ({ path: '/x', version: number, configure: [], stamp: null });
const up = (host: string, held: readonly string[], changes: Partial<HostFacts> = {}): HostFacts =>
  bareFacts(host, {
    services: { keepalived: service, nginx: service },
    software: { keepalived: version('2.2.7'), nginx: version('1.22.1') },
    interfaces: [{ name: 'ens33', up: true, addresses: held.map((address) => `${address}/32`) }],
    ...changes,
  });
const one = '192.168.160.161';
const two = '192.168.160.162';
const report = (a: HostFacts | null, b: HostFacts | null) =>
  statusReport(
    exampleInventory(),
    new Map([
      ['keep_136', a],
      ['keep_137', b],
    ]),
    0,
  );
const wrong = (of: ReturnType<typeof report>) =>
  of.findings
    .filter(({ level }) => level !== 'ok')
    .map(({ level, vip, host, message }) => `${level} ${vip ?? host}: ${message}`);

test('a healthy mutual-backup pair', () => {
  const healthy = report(up('keep_136', [one]), up('keep_137', [two]));
  expect(healthy.ok).toBe(true);
  expect(wrong(healthy)).toEqual([]);
  expect(healthy.vips).toEqual([
    { address: one, members: ['keep_136', 'keep_137'], holders: ['keep_136'], expected: 'keep_136' },
    { address: two, members: ['keep_137', 'keep_136'], holders: ['keep_137'], expected: 'keep_137' },
  ]);
});

test('two holders are a failure, though every request may be answered', () => {
  const split = report(up('keep_136', [one]), up('keep_137', [one, two]));
  expect(split.ok).toBe(false);
  expect(wrong(split)).toEqual([`fail ${one}: keep_136 and keep_137 hold it at once (split brain)`]);
});

test('no holder, a dead daemon, a host out of reach', () => {
  const inactive = { ...service, active: 'failed' };
  expect(
    wrong(report(up('keep_136', [], { services: { keepalived: inactive, nginx: service } }), null)),
  ).toEqual([
    'fail keep_136: keepalived is failed',
    'fail keep_137: cannot be reached',
    `fail ${one}: no host that was reached holds it`,
    `fail ${two}: no host that was reached holds it`,
  ]);
});

test('a VIP that no host holds although all were reached', () => {
  expect(wrong(report(up('keep_136', [one]), up('keep_137', [])))).toEqual([`fail ${two}: no host holds it`]);
});

test('with one host asked nothing is said of a VIP that another may hold', () => {
  const limited = statusReport(exampleInventory(), new Map([['keep_136', up('keep_136', [one])]]), 0);
  expect(wrong(limited)).toEqual([]);
  expect(limited.vips.map(({ holders }) => holders)).toEqual([['keep_136'], []]);
});

test('a drained host is a warning, and is not expected to hold anything', () => {
  const drained = report(up('keep_136', [], { drain: -253 }), up('keep_137', [one, two]));
  expect(drained.ok).toBe(true);
  expect(drained.vips[0]?.expected).toBe('keep_137');
  expect(wrong(drained)).toEqual(['warn keep_136: is drained and takes no VIP']);
});

test('a VIP on a host that is not the first able one, a clone, a clock, a version', () => {
  const odd = report(
    up('keep_136', [], { machineId: 'same' }),
    up('keep_137', [one, two], {
      machineId: 'same',
      clockMs: 9000,
      software: { keepalived: version('2.2.4'), nginx: version('1.22.1') },
    }),
  );
  expect(wrong(odd)).toEqual([
    'warn keep_137: keepalived is 2.2.4, the inventory wants 2.2.7',
    "warn keep_137: its clock is 9 s ahead of this machine's",
    `warn ${one}: held by keep_137; keep_136 comes before it and is able`,
    'warn undefined: keep_136 and keep_137 have the same /etc/machine-id',
  ]);
});

test('a VIP that a host keeps on lo for its open connections has one holder, and the connections are counted', () => {
  const grace = { vip: one, part: 'answer', connections: 12, leftSeconds: 42 } as const;
  const lo = { name: 'lo', up: true, addresses: ['127.0.0.1/8', `${one}/32`] };
  const old = up('keep_136', [], { drain: -253, graces: [grace] });
  const passing = { ...grace, part: 'forward', connections: null } as const;
  const seen = report(
    { ...old, interfaces: [lo, ...old.interfaces] },
    up('keep_137', [one, two], { graces: [passing] }),
  );
  expect(seen.vips.map(({ holders }) => holders)).toEqual([['keep_137'], ['keep_137']]);
  expect(seen.graces).toEqual([{ vip: one, host: 'keep_136', connections: 12, leftSeconds: 42 }]);
});

test('a command that changes both hosts is one run', () => {
  const lockedBy = { who: 'ana@desk', since: '2026-11-29T10:00:00.000Z', why: 'haup apply' };
  const idle = report(up('keep_136', [one]), up('keep_137', [two]));
  const busy = report(up('keep_136', [one], { lockedBy }), up('keep_137', [two], { lockedBy }));
  const other = { ...lockedBy, who: 'ben@desk' };
  const both = report(up('keep_136', [one], { lockedBy }), up('keep_137', [two], { lockedBy: other }));
  expect(idle.runs).toBeUndefined();
  expect(busy.runs).toEqual([{ ...lockedBy, hosts: ['keep_136', 'keep_137'] }]);
  expect(both.runs).toEqual([
    { ...lockedBy, hosts: ['keep_136'] },
    { ...other, hosts: ['keep_137'] },
  ]);
  expect(busy.ok).toBe(true);
});

test.each([
  ['a virtual machine with adverts every 0.1 s', 'fast', 0.1, true, 2],
  ['with 0.3 s', 'fast', 0.3, true, 0],
  ['another profile', 'default', 0.1, true, 0],
  ['a real machine', 'fast', 0.1, undefined, 0],
] as const)('%s', (_what, profile, advertInt, virtual, warnings) => {
  const source = exampleInventory();
  const vrrp: Vrrp = { ...source.vrrp, profile };
  const inventory = { ...source, vrrp, vips: source.vips.map((vip) => ({ ...vip, advertInt })) };
  const machine = virtual === undefined ? {} : { virtual };
  const facts = new Map([
    ['keep_136', up('keep_136', [one], machine)],
    ['keep_137', up('keep_137', [two], machine)],
  ]);
  const said = statusReport(inventory, facts, 0).findings.filter(({ check }) => check === 'timers');
  expect(said).toHaveLength(warnings);
  if (warnings > 0) expect(said[0]?.message).toContain('a pause of 0.30 s moves its VIPs');
});
