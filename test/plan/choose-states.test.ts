import { describe, expect, test } from 'vitest';
import type { KeptState } from '../../src/model/kept-state.ts';
import { chooseStates } from '../../src/plan/choose-states.ts';

const state = (number: number, run: string, when: string): KeptState => ({
  number,
  label: { run, who: 'ana', when, why: 'haup apply', inventory: 'i', changes: [] },
  services: [],
  files: {},
  builds: { keepalived: null, nginx: null },
});
const kept = new Map([
  [
    'a',
    {
      states: [state(4, 'third', '2026-03'), state(3, 'second', '2026-02'), state(2, 'first', '2026-01')],
      unreadable: [1],
    },
  ],
  ['b', { states: [state(2, 'second', '2026-02'), state(1, 'first', '2026-01')], unreadable: [] }],
  ['c', { states: [], unreadable: [] }],
  ['d', { states: [state(2, 'second', '2026-02')], unreadable: [3] }],
]);
const whole = new Map([...kept].filter(([name]) => name !== 'd'));
const chosen = (host: string | null, number: number | null, of = kept): object =>
  Object.fromEntries([...chooseStates(of, { host, number })].map(([name, one]) => [name, one.number]));

describe('without a number', () => {
  test('a host goes back to before its own last change', () => {
    expect(chosen('b', null)).toEqual({ b: 2 });
  });
  test('all hosts go back to before the last run, and those that it did not touch stay', () => {
    expect(chosen(null, null, whole)).toEqual({ a: 4 });
  });
});

describe('with a number', () => {
  test('it is that of the host', () => {
    expect(chosen('a', 2)).toEqual({ a: 2 });
  });
  test('without a host, it must be the same run on all that have it', () => {
    expect(() => chosen(null, 2, whole)).toThrow(/different changes on different hosts/);
    expect(chosen(null, 4, whole)).toEqual({ a: 4 });
  });
});

describe('a state that cannot be read', () => {
  test('is not passed over in silence when it is the one that is meant', () => {
    expect(() => chosen('d', null)).toThrow(/State 3 cannot be read/);
    expect(() => chosen('a', 1)).toThrow(/State 1 cannot be read/);
    expect(() => chosen(null, null)).toThrow(/State 3 cannot be read/);
  });
  test('hides none of the others', () => {
    expect(chosen('d', 2)).toEqual({ d: 2 });
    expect(chosen('a', null)).toEqual({ a: 4 });
  });
});

test.each([
  ['c', null, /^c keeps no state/],
  ['a', 9, /^a keeps no state 9/],
  [null, 9, /^No host keeps a state 9/],
] as const)('%s, %s: there is none, and it says which there are', (host, number, message) => {
  expect(() => chosen(host, number)).toThrow(message);
  expect(() => chosen(host, number)).toThrow(
    expect.objectContaining({ hint: expect.stringMatching(/1, 2, 3, 4/) }),
  );
});
