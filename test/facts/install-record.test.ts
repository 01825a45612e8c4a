import { expect, test } from 'vitest';
import { parseRecord } from '../../src/facts/install-record.ts';
import { installedList } from '../../src/model/layout.ts';

test('what a host remembers is read as it was written', () => {
  const list = installedList('nginx', '/opt/nginx-1.22.1').replace(/^.*installed\./, '');
  expect(
    parseRecord([
      ['files', '/etc/keepalived/keepalived.conf'],
      ['users', 'nginx'],
      ['packages', 'curl'],
      ['builds', list],
      ['services', 'nginx active disabled'],
      ['services', 'keepalived inactive enabled'],
      ['units', 'nginx hand-web.service disabled'],
    ]),
  ).toEqual({
    files: ['/etc/keepalived/keepalived.conf'],
    users: ['nginx'],
    packages: ['curl'],
    builds: [{ service: 'nginx', prefix: '/opt/nginx-1.22.1' }],
    services: { nginx: { active: true, enabled: false }, keepalived: { active: false, enabled: true } },
    units: [{ service: 'nginx', unit: 'hand-web.service', enabled: false }],
  });
});

test('a host that haup has never seen remembers nothing', () => {
  expect(parseRecord([])).toEqual({
    files: [],
    users: [],
    packages: [],
    builds: [],
    services: {},
    units: [],
  });
});
