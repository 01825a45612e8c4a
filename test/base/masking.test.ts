import { expect, test } from 'vitest';
import { hasSecrets, maskSecrets } from '../../src/base/masking.ts';

test.each([
  ['auth_pass hunter2', 'auth_pass ***'],
  ['  auth_pass\thunter2 # old\n  priority 100', '  auth_pass\t***\n  priority 100'],
  ['auth_pass one\nauth_pass two\n', 'auth_pass ***\nauth_pass ***\n'],
])('%j', (text, masked) => {
  expect(hasSecrets(text)).toBe(true);
  expect(maskSecrets(text)).toBe(masked);
  expect(hasSecrets(text)).toBe(true);
});

test.each(['auth_type PASS', 'my_auth_pass x', ''])('%j has none', (text) => {
  expect(hasSecrets(text)).toBe(false);
  expect(maskSecrets(text)).toBe(text);
});
