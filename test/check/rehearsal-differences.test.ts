import { expect, test } from 'vitest';
import { compareHosts } from '../../src/check/rehearsal-differences.ts';
import type { HostStatus, StatusReport } from '../../src/model/status-shape.ts';
import { well } from '../report/samples.ts';

const system = { os: 'Debian 12', kernel: '6.1.0', arch: 'x86_64', virtual: true };
const host = (name: string, changes: Partial<HostStatus> = {}): HostStatus => ({
  name,
  reachable: true,
  keepalived: { state: 'active', version: '2.2.7' },
  nginx: { state: 'active', version: '1.22.1' },
  drained: false,
  system,
  ...changes,
});
const report = (...hosts: readonly HostStatus[]): StatusReport => ({ ...well, hosts });
const lab = report(host('a'), host('b'));

test('the same, however its daemons are', () => {
  const real = report(
    host('a', { keepalived: { state: 'failed', version: '2.2.7' } }),
    host('b', { drained: true }),
  );
  expect(compareHosts(lab, real)).toEqual([
    { host: 'a', compared: true, differences: [] },
    { host: 'b', compared: true, differences: [] },
  ]);
});

test('another system, and no keepalived yet', () => {
  const real = report(
    host('a', { system: { os: 'Rocky Linux 9', kernel: '5.14.0', arch: 'x86_64', virtual: false } }),
    host('b', { keepalived: { state: 'inactive', version: null } }),
  );
  expect(compareHosts(lab, real).map(({ differences }) => differences)).toEqual([
    [
      { what: 'system', lab: 'Debian 12', real: 'Rocky Linux 9' },
      { what: 'kernel', lab: '6.1.0', real: '5.14.0' },
      { what: 'virtual machine', lab: 'yes', real: 'no' },
    ],
    [{ what: 'keepalived', lab: '2.2.7', real: null }],
  ]);
});

test.each([
  ['one that cannot be reached', report(host('a', { reachable: false }), host('b'))],
  ['one that was left out', report(host('b'))],
])('%s is not compared', (_what, real) => {
  expect(compareHosts(lab, real).map(({ compared }) => compared)).toEqual([false, true]);
});

test('none could be looked at', () => {
  expect(compareHosts(lab, null).map(({ compared }) => compared)).toEqual([false, false]);
});
