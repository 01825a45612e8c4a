import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columns, table, truncate, widthOf, wrap } from '../../src/report/columns.ts';

const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '主', 'é', '✓', '…'), maxLength: 40 });

const words = (line: string) => line.split(' ').filter((word) => word !== '');
const asIs = (same: string) => same;

describe('columns', () => {
  test.each([
    ['', 0],
    ['abc', 3],
    ['\x1b[31mabc\x1b[39m', 3],
    ['主备', 4],
    ['e\u0301', 1],
    ['✓→█│', 4],
    ['🙂', 2],
  ])('width of %j is %i', (line, width) => {
    expect(widthOf(line)).toBe(width);
  });

  test('truncate keeps within the width and cuts only what does not fit', () => {
    expect(truncate('keepalived', 10)).toBe('keepalived');
    expect(truncate('keepalived', 9)).toBe('keepaliv…');
    expect(truncate('a bc', 3)).toBe('a…');
    fc.assert(
      fc.property(text, fc.integer({ min: 0, max: 50 }), (line, width) => {
        expect(widthOf(truncate(line, width))).toBeLessThanOrEqual(width);
        if (widthOf(line) <= width) expect(truncate(line, width)).toBe(line);
      }),
    );
  });

  test('wrap loses no word, and is too long only by one word', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 30 }), (line, width) => {
        const lines = wrap(line, width);
        expect(words(lines.join(' '))).toEqual(words(line));
        for (const each of lines) expect(widthOf(each) <= width || words(each).length === 1).toBe(true);
      }),
    );
  });

  test('columns align by what is seen', () => {
    expect(
      columns([
        ['\x1b[1ma\x1b[22m', 'b'],
        ['主备', 'c', 'd'],
      ]),
    ).toEqual(['\x1b[1ma\x1b[22m     b', '主备  c  d']);
  });

  test('a table that does not fit becomes records, without their empty cells', () => {
    const rows = [['keep_136', 'active', '']];
    expect(table(['HOST', 'NGINX', 'NOTE'], rows, 26, asIs)).toEqual([
      'HOST       NGINX    NOTE',
      'keep_136   active',
    ]);
    expect(table(['HOST', 'NGINX', 'NOTE'], rows, 20, asIs)).toEqual(['keep_136', '  NGINX  active']);
  });
});
