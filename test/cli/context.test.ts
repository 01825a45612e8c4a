/** Where a process may lack a directory, a home and a name. */

import { EventEmitter } from 'node:events';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeContext } from '../../src/cli/context.ts';

const os = createRequire(import.meta.url)('node:os') as Record<string, unknown>;
const real = { homedir: os['homedir'], userInfo: os['userInfo'], hostname: os['hostname'] };
const unlisted = (): never => {
  throw Object.assign(new Error('uv_os_get_passwd returned ENOENT'), { code: 'ERR_SYSTEM_ERROR' });
};
const replace = (functions: Readonly<Record<string, unknown>>): void => {
  Object.assign(os, functions);
  syncBuiltinESMExports();
};
beforeEach(() => replace({ homedir: unlisted, userInfo: unlisted, hostname: () => 'ci' }));
afterEach(() => replace(real));

const contextOf = (more: object) =>
  makeContext(
    Object.assign(new EventEmitter(), {
      stdout: new EventEmitter(),
      stderr: new EventEmitter(),
      env: {},
      argv: [],
      cwd: () => '/',
      geteuid: () => 4242,
      ...more,
    }) as unknown as NodeJS.Process,
    { flag: 'never' },
  );

test('a user that is a number alone needs HOME, and is named by the number', () => {
  expect(contextOf({}).operator).toBe('uid 4242@ci');
  expect(() => contextOf({}).home).toThrow(
    'User 4242 has no home directory: it is not in the list of users, and HOME is not set.',
  );
  expect(contextOf({ env: { HOME: '/home/ci' } }).home).toBe('/home/ci');
});

test('a current directory that has been removed is said to be so by a command that needs one', () => {
  const cwd = (): never => {
    throw Object.assign(new Error('ENOENT: no such file or directory, uv_cwd'), { code: 'ENOENT' });
  };
  const context = contextOf({ cwd });
  expect(() => context.cwd).toThrow('The current directory no longer exists.');
});
