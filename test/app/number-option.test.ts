import { describe, expect, test } from 'vitest';
import { numberOption } from '../../src/app/number-option.ts';

test('an option that was not given has no value', () => {
  expect(numberOption('--grace', undefined)).toBeNull();
});

test.each([
  ['--connect-timeout', '1', '3600'],
  ['--connections', '0', '100'],
  ['--count', '1', '1000'],
  ['--for-pid', '1', '4194304'],
  ['--grace', '0', '86400'],
  ['--hold', '1', '600'],
  ['--lock-wait', '0', '86400'],
  ['--rate', '20', '1000'],
  ['--to', '1', '999999999'],
] as const)('%s takes %s to %s, and no number beyond', (flag, least, most) => {
  expect(numberOption(flag, least)).toBe(Number(least));
  expect(numberOption(flag, most)).toBe(Number(most));
  for (const text of [String(Number(least) - 1), String(Number(most) + 1)]) {
    expect(() => numberOption(flag, text)).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: `${flag} ${text} is not a whole number from ${least} to ${most}.`,
        hint: expect.stringMatching(/^It is .+\.$/),
      }),
    );
  }
});

describe.each(['', ' 5', '5 ', '5s', '1.5', '1e1', '0x10', '+5', '٥', 'many', '5\n'])('%j', (text) => {
  test('is no number', () =>
    expect(() => numberOption('--lock-wait', text)).toThrow(/is not a whole number/));
});
