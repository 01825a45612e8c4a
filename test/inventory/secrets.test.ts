import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HaupError } from '../../src/model/errors.ts';
import { secretResolver } from '../../src/inventory/secrets.ts';
import { scratchDirectory } from '../scratch.ts';

const directory = scratchDirectory();
writeFileSync(join(directory, 'plain'), 'from-a-file\n');
writeFileSync(join(directory, 'two-lines'), 'one\ntwo\n');
writeFileSync(join(directory, 'empty'), '');

const env = { PATH: process.env['PATH'], HOME: directory, SET: 'from-env', EMPTY: '' };
const resolve = secretResolver({ env, directory });

test.each([
  ['env:SET', 'from-env', 'env:SET'],
  ['env:SET:-other', 'from-env', 'env:SET'],
  ['env:UNSET:-a:-b', 'a:-b', 'env:UNSET'],
  ['env:EMPTY:-default', 'default', 'env:EMPTY'],
  ['file:plain', 'from-a-file', 'file:plain'],
  ['file:~/plain', 'from-a-file', 'file:~/plain'],
  [`file:${directory}/plain`, 'from-a-file', `file:${directory}/plain`],
  ['cmd:cat plain', 'from-a-file', 'cmd:cat plain'],
  ['cmd:echo "$SET" | tr a-z A-Z', 'FROM-ENV', 'cmd:echo "$SET" | tr a-z A-Z'],
  ['cmd:printf "a b"', 'a b', 'cmd:printf "a b"'],
])('%s', (reference, value, source) => {
  const secret = resolve(reference);
  expect([secret.reveal(), secret.source]).toEqual([value, source]);
});

test.each([
  ['env:UNSET', /environment variable UNSET is not set/, /export UNSET=/],
  ['env:EMPTY', /environment variable EMPTY is not set/, /export EMPTY=/],
  ['env:UNSET:-', /environment variable UNSET is not set/, /export UNSET=/],
  ['file:none', /secret file .*\/none: it does not exist/, /Create it/],
  ['file:.', /secret file .*: it is a directory/, /Create it/],
  ['file:empty', /the secret from file:empty is empty/, /one line/],
  ['file:two-lines', /is more than one line/, /one line/],
  ['file:/dev/zero', /the secret from file:\/dev\/zero is longer than 64 KiB/, /one line/],
  ['cmd:exit 3', /the command exit 3 exited with status 3$/, /Run it yourself/],
  ['cmd:echo locked >&2; exit 1', /exited with status 1: locked$/, /Run it yourself/],
  ['cmd:kill -9 $$', /was killed by SIGKILL/, /Run it yourself/],
  ['cmd:true', /the secret from cmd:true is empty/, /one line/],
  ['hunter2', /a secret must be a reference/, /env:NAME/],
])('missing: %s', (reference, message, hint) => {
  const error = (() => {
    try {
      return resolve(reference);
    } catch (caught) {
      return caught;
    }
  })();
  expect(error).toBeInstanceOf(HaupError);
  expect(error).toMatchObject({ code: 'SECRET_MISSING', exit: 'usage' });
  expect((error as HaupError).message).toMatch(message);
  expect((error as HaupError).hint).toMatch(hint);
});

test('a command runs once, however often its secret is asked for', () => {
  const reference = 'cmd:echo x >> runs; wc -l < runs';
  expect(resolve(reference).reveal()).toBe(resolve(reference).reveal());
});

test('no way of printing a secret reveals it', () => {
  const secret = resolve('env:SET');
  expect(String(secret) + JSON.stringify({ secret })).not.toContain('from-env');
});
