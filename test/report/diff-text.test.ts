import { describe, expect, test } from 'vitest';
import { diffText } from '../../src/report/diff-text.ts';
import { plainStyle } from '../../src/report/style.ts';

const all = { limit: Number.POSITIVE_INFINITY };

function shown(
  before: string | null,
  after: string | null,
  limit = Number.POSITIVE_INFINITY,
): readonly string[] {
  return diffText({ path: '/etc/a', before, after }, plainStyle, { limit });
}

describe('diffText', () => {
  test('a changed line with its surroundings', () => {
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index + 1}`);
    const after = lines.with(9, 'other');
    expect(shown(`${lines.join('\n')}\n`, `${after.join('\n')}\n`)).toEqual([
      '--- /etc/a (now)',
      '+++ /etc/a (planned)',
      '@@ -7,7 +7,7 @@',
      ' line 7',
      ' line 8',
      ' line 9',
      '-line 10',
      '+other',
      ' line 11',
      ' line 12',
      ' line 13',
    ]);
  });

  test('an end without a newline is said', () => {
    expect(shown('a', 'a\n')).toContain('\\ No newline at end of file');
  });

  test('a carriage return is seen', () => {
    expect(shown('a\r\n', 'a\n').slice(-2)).toEqual(['-a␍', '+a']);
  });

  test.each([
    ['a\nb\n', '2 lines'],
    ['a\nb', '2 lines'],
    ['a\n', '1 line'],
    ['', 'empty'],
  ])('a new file %j is counted as %s', (text, size) => {
    expect(shown(null, text)[0]).toBe(`/etc/a (new, ${size})`);
    expect(shown(text, null)).toEqual([`/etc/a (removed, was ${size})`]);
  });

  test('a long file is cut, and the rest counted', () => {
    const text = 'x\n'.repeat(50);
    const lines = shown(null, text, 10);
    expect(lines).toHaveLength(12);
    expect(lines.at(-1)).toBe('… 40 more lines (--verbose shows all)');
    expect(shown(null, text)).toHaveLength(51);
  });

  test('a rest that is shorter than the sentence about it is shown', () => {
    expect(shown(null, 'x\n'.repeat(12), 10)).toHaveLength(13);
  });

  test('texts that are equal after masking say so', () => {
    expect(
      diffText({ path: '/etc/a', before: 'auth_pass ***\n', after: 'auth_pass ***\n' }, plainStyle, all),
    ).toEqual(['/etc/a', '  only masked values, mode or owner differ']);
  });
});
