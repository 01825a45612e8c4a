import { describe, expect, test } from 'vitest';
import type { HostFacts } from '../../src/model/facts.ts';
import { changedSince, snapshot } from '../../src/plan/facts-snapshot.ts';
import { bareFacts } from '../fakes/host.ts';
import { apply, pair, source } from '../fakes/pair.ts';

const settled = async (): Promise<HostFacts> => {
  const hosts = pair();
  await apply(source, hosts);
  return hosts[0]?.facts() ?? bareFacts('none');
};
const conf = '/etc/keepalived/keepalived.conf';

describe('a plan fits no more when', () => {
  const cases: [string, (have: HostFacts) => Partial<HostFacts>, string][] = [
    [
      'a file was edited',
      (h) => ({ files: { ...h.files, [conf]: { ...h.files[conf], sha256: 'x' } as never } }),
      `${conf} has changed`,
    ],
    [
      'a mode was changed',
      (h) => ({ files: { ...h.files, [conf]: { ...h.files[conf], mode: 0o600 } as never } }),
      `${conf} has changed`,
    ],
    ['a file is gone', (h) => ({ files: { ...h.files, [conf]: { state: 'absent' } } }), `${conf} is gone`],
    [
      'a VIP has moved away',
      (h) => ({
        interfaces: h.interfaces.map((one) => ({
          ...one,
          addresses: one.addresses.filter((a) => !a.includes('.161')),
        })),
      }),
      '192.168.160.161/32 on ens33 is gone',
    ],
    [
      'a service was stopped',
      (h) => ({ services: { ...h.services, nginx: { ...h.services.nginx, active: 'inactive' } } }),
      'service nginx has changed',
    ],
    [
      'a program was built otherwise',
      (h) => ({ software: { ...h.software, nginx: { ...h.software.nginx, stamp: 'other' } as never } }),
      'nginx has changed',
    ],
    ['a program is gone', (h) => ({ software: { ...h.software, nginx: null } }), 'nginx is gone'],
    ['a package has come', (h) => ({ packages: { ...h.packages, curl: '8' } }), 'package curl'],
    ['it was drained', () => ({ drain: -253 }), 'the drain has changed'],
    ['an apply was cut off', () => ({ unread: ['nginx'] }), 'what daemons have not read yet has changed'],
    ['it is another machine', () => ({ machineId: 'other' }), 'the machine has changed'],
  ];
  test.each(cases)('%s', async (_name, change, said) => {
    const have = await settled();
    const sentences = changedSince(snapshot(have), snapshot({ ...have, ...change(have) }));
    expect(sentences).toHaveLength(1);
    expect(sentences[0]).toContain(said);
  });
});

test('what always moves does not count: time, addresses of IPv6', async () => {
  const have = await settled();
  const later: HostFacts = {
    ...have,
    clockMs: 1e12,
    drain: have.drain === null ? 0 : have.drain,
    interfaces: have.interfaces.map((one) => ({
      ...one,
      up: false,
      addresses: [...one.addresses, 'fe80::1/64'],
    })),
  };
  expect(changedSince(snapshot(have), snapshot(later))).toEqual([]);
});

test('no file is shown, only that it has changed', async () => {
  expect(JSON.stringify(snapshot(await settled()))).not.toMatch(/auth_pass|1111/);
});
