import { expect, test } from 'vitest';
import type { HostComparison } from '../../src/model/status-shape.ts';
import { rehearsalText } from '../../src/report/rehearsal-text.ts';
import { plainStyle } from '../../src/report/style.ts';

const hosts: readonly HostComparison[] = [
  {
    host: 'keep_136',
    compared: true,
    differences: [
      { what: 'system', lab: 'Debian 12', real: 'Rocky Linux 9' },
      { what: 'keepalived', lab: '2.2.7', real: null },
    ],
  },
  { host: 'keep_137', compared: true, differences: [] },
  { host: 'keep_138', compared: false, differences: [] },
];

test('what differs, what does not, and what is not known', () => {
  expect(rehearsalText(hosts, plainStyle, 80).split('\n')).toEqual([
    'HOST       WHAT         IN THE LAB   REALLY',
    'keep_136   system       Debian 12    Rocky Linux 9',
    'keep_136   keepalived   2.2.7        none',
    'Like the real host in system, kernel and versions: keep_137.',
    'Not compared with the real host, which could not be reached: keep_138.',
  ]);
});

test('nothing differs', () => {
  expect(rehearsalText(hosts.slice(1, 2), plainStyle, 80)).toBe(
    'Like the real host in system, kernel and versions: keep_137.',
  );
});

test('what a host calls itself cannot reach the terminal', () => {
  const evil = [{ what: 'system', lab: 'Debian 12', real: '\x1b]0;title\x07\u202e\nsecond line' }];
  const text = rehearsalText([{ host: 'a', compared: true, differences: evil }], plainStyle, 80);
  expect(text).not.toMatch(/[\x1b\x07\u202e]/);
  expect(text.split('\n')).toHaveLength(2);
});
