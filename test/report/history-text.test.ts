import { describe, expect, test } from 'vitest';
import type { KeptState } from '../../src/model/kept-state.ts';
import { historyText } from '../../src/report/history-text.ts';
import { plainStyle } from '../../src/report/style.ts';

const built = (version: string) => ({
  id: version,
  kept: true,
  software: { path: '/usr/local/sbin/x', program: '/usr/local/sbin/x', version, configure: [], stamp: null },
});
const state = (number: number, changes: readonly string[]): KeptState => ({
  number,
  label: {
    run: 'r',
    who: 'ana@desk',
    when: `2026-03-0${number}T09:08:07.654Z`,
    why: 'haup apply /srv/pairs/with/a/rather/long/path/to/it/inventory.yaml',
    inventory: '/srv/inventory.yaml',
    changes,
  },
  services: [],
  files: {},
  builds: { keepalived: built('2.2.7'), nginx: number === 1 ? null : built('1.22.1') },
});

const kept = new Map([
  [
    'keep_136',
    {
      states: [state(3, ['write the nginx configuration', 'reload nginx']), state(1, ['start nginx'])],
      unreadable: [2],
    },
  ],
  ['keep_137', { states: [], unreadable: [] }],
]);

describe('historyText', () => {
  test.each([
    ['short', false],
    ['verbose', true],
  ])('%s', async (name, verbose) => {
    const text = historyText(kept, plainStyle, { width: 80, verbose });
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    await expect(`${text}\n`).toMatchFileSnapshot(`../golden/report/history-${name}.txt`);
  });

  test('nothing is kept anywhere: no word of going back', () => {
    const text = historyText(new Map([['keep_136', { states: [], unreadable: [] }]]), plainStyle, {
      width: 80,
      verbose: false,
    });
    expect(text).toMatch(/^keep_136\n.*Nothing is kept yet/);
    expect(text).not.toMatch(/rollback/);
  });

  test('a label that somebody else wrote cannot write to the terminal', () => {
    const evil = { ...state(1, []), label: { ...state(1, []).label, who: 'e\u001b[2Jvil' } };
    expect(
      historyText(new Map([['h', { states: [evil], unreadable: [] }]]), plainStyle, {
        width: 80,
        verbose: false,
      }),
    ).not.toContain('\u001b');
  });
});
