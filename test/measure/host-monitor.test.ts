import { expect, test } from 'vitest';
import { hostLineParser } from '../../src/measure/host-monitor.ts';

test.each([
  ['state 0 -,-,-,pid=7,keepalived,nginx,locked', true, '-,-,-,pid=7,keepalived,nginx,locked'],
  ['state 28 -253,-,-,-,', false, '-253,-,-,-,'],
  ['state 7 -,', null, '-,'],
  ['state 127 -,', null, '-,'],
])('%s', (line, answers, seen) => {
  expect(hostLineParser()(line)).toEqual({ kind: 'state', answers, seen });
});

test('the lines of a monitor are read, and no others', () => {
  const parse = hostLineParser();
  expect(
    parse('[2026-11-23T03:49:59.753827] 2: ens33    inet 192.168.160.161/32 scope global ens33'),
  ).toMatchObject({ kind: 'change', address: '192.168.160.161', held: true });
  expect(parse('state of the nation')).toBeNull();
  expect(parse('')).toBeNull();
});
