import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { HaupError } from '../../../src/model/errors.ts';
import { guardHostKey } from '../../../src/ssh/login/host-key.ts';
import { judgeHostKey } from '../../../src/ssh/login/judge-host-key.ts';
import {
  fingerprint,
  type HostKeyPolicy,
  keyType,
  knownHostsName,
  lookUp,
  namesMatch,
  parseKnownHosts,
} from '../../../src/ssh/login/known-hosts.ts';
import { record } from '../../../src/ssh/login/record-host-key.ts';
import { type KeyPair, makeKey } from '../../fakes/ssh-server.ts';
import { scratchDirectory } from '../../scratch.ts';

const one = makeKey();
const two = makeKey();
const ecdsa = makeKey('ecdsa');
const line = (names: string, key: KeyPair): string =>
  `${names} ${keyType(key.blob)} ${key.blob.toString('base64')}`;
const dir = scratchDirectory;

function policy(text: string, more: Partial<HostKeyPolicy> = {}): HostKeyPolicy {
  const file = join(dir(), 'known_hosts');
  if (text !== '') writeFileSync(file, text);
  return {
    host: 'keep_136',
    label: 'keep_136',
    name: '192.0.2.1',
    strict: false,
    pin: null,
    userFiles: [file],
    globalFiles: [],
    hashNames: false,
    ...more,
  };
}

function judge(
  text: string,
  key: KeyPair,
  more: Partial<HostKeyPolicy> = {},
): HaupError | 'known' | 'record' {
  const the = policy(text, more);
  return judgeHostKey(key.blob, lookUp(the), the);
}

test('fingerprint is that of ssh-keygen', () => {
  const file = join(dir(), 'key.pub');
  writeFileSync(file, `${one.publicText}\n`);
  expect(spawnSync('ssh-keygen', ['-lf', file]).stdout.toString()).toContain(fingerprint(one.blob));
});

test.each([
  ['keep_136', 22, null, 'keep_136'],
  ['Keep_136', 2222, null, '[keep_136]:2222'],
  ['2001:db8::1', 22, null, '2001:db8::1'],
  ['2001:db8::1', 2222, null, '[2001:db8::1]:2222'],
  ['192.0.2.1', 2222, 'Alias', 'alias'],
])('%s port %i with alias %s is %s', (host, port, alias, name) =>
  expect(knownHostsName(host, port, alias)).toBe(name),
);

describe('namesMatch', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1', true],
    ['keep,192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.11', false],
    ['192.0.2.?', '192.0.2.1', true],
    ['192.0.2.*', '192.0.2.136', true],
    ['192.0.2.*,!192.0.2.1', '192.0.2.1', false],
    ['!192.0.2.1', '192.0.2.9', false],
    ['*', '[192.0.2.1]:2222', true],
    ['192.0.2.1', '[192.0.2.1]:2222', false],
    ['[192.0.2.1]:2222', '[192.0.2.1]:2222', true],
    ['[*]:2222', '[192.0.2.1]:2222', true],
    ['KEEP_136', 'keep_136', true],
    ['a.b', 'axb', false],
  ])('%s for %s: %s', (names, name, matches) => expect(namesMatch(names, name)).toBe(matches));

  test('names hashed by ssh-keygen -H', () => {
    const file = join(dir(), 'known_hosts');
    writeFileSync(file, `${line('192.0.2.1', one)}\n${line('[192.0.2.1]:2222', two)}\n`);
    spawnSync('ssh-keygen', ['-H', '-f', file]);
    const text = readFileSync(file, 'utf8');
    expect(text).toMatch(/^\|1\|/);
    const found = (name: string): number[] =>
      parseKnownHosts(text, file)
        .filter((key) => namesMatch(key.names, name))
        .map((key) => key.line);
    expect([found('192.0.2.1'), found('[192.0.2.1]:2222'), found('192.0.2.2')]).toEqual([[1], [2], []]);
  });
});

test('what is no line of a key is skipped, and lines keep their numbers', () => {
  const text = [
    '# comment',
    '',
    'nonsense',
    `  ${line('a', one)} comment # here`,
    `@other ${line('a', one)}`,
    'a ssh-ed25519 AAAA',
    `${line('b', ecdsa)}\r`,
  ].join('\n');
  expect(parseKnownHosts(text, 'f').map((key) => [key.line, key.names, key.type])).toEqual([
    [4, 'a', 'ssh-ed25519'],
    [7, 'b', 'ecdsa-sha2-nistp256'],
  ]);
});

describe('judgeHostKey', () => {
  test('the key that is known', () =>
    expect(judge(`${line('x', two)}\n${line('192.0.2.1', one)}`, one)).toBe('known'));
  test('one of several keys of a type', () =>
    expect(judge(`${line('192.0.2.1', two)}\n${line('192.0.2.*', one)}`, one)).toBe('known'));
  test('a new host', () => expect(judge('', one)).toBe('record'));
  test('a new host, strict', () =>
    expect(judge('', one, { strict: true })).toMatchObject({ code: 'HOST_KEY_UNKNOWN' }));

  test('a changed key: both fingerprints, the place and the command', () => {
    const the = policy(`${line('x', one)}\n${line('192.0.2.1', two)}\n`, { name: '192.0.2.1' });
    const error = judgeHostKey(one.blob, lookUp(the), the);
    expect(error).toMatchObject({ code: 'HOST_KEY_CHANGED', host: 'keep_136' });
    if (!(error instanceof HaupError)) return;
    expect(error.detail).toEqual([
      `known   ${fingerprint(two.blob)} (ssh-ed25519) in ${the.userFiles[0]}:2`,
      `shown   ${fingerprint(one.blob)} (ssh-ed25519)`,
    ]);
    const command = /ssh-keygen .*$/.exec(error.hint ?? '')?.[0] ?? '';
    expect(spawnSync('sh', ['-c', command]).status).toBe(0);
    expect(judgeHostKey(one.blob, lookUp(the), the)).toBe('record');
  });

  test('another type than the known one is a change, and is named', () => {
    const error = judge(line('192.0.2.1', one), ecdsa);
    expect(error).toMatchObject({ code: 'HOST_KEY_CHANGED' });
    expect(String(error)).toMatch(/presented an? ecdsa-sha2-nistp256 key/);
  });

  test('@revoked, by any line, also of a key that is known', () => {
    expect(judge(`${line('192.0.2.1', one)}\n@revoked ${line('*', one)}`, one)).toMatchObject({
      code: 'HOST_KEY_CHANGED',
    });
    expect(judge(`@revoked ${line('*', two)}`, one)).toBe('record');
  });

  test('@cert-authority knows no host', () => {
    expect(judge(`@cert-authority ${line('*', one)}`, one)).toBe('record');
    const error = judge(`@cert-authority ${line('*', one)}`, one, { strict: true });
    expect(error).toMatchObject({ code: 'HOST_KEY_UNKNOWN' });
    expect((error as HaupError).detail.join()).toMatch(/@cert-authority .*known_hosts:1 is ignored/);
  });

  test('a pin wins over files', () => {
    expect(judge(line('192.0.2.1', two), one, { pin: fingerprint(one.blob), strict: true })).toBe('known');
    const error = judge(line('192.0.2.1', one), one, { pin: fingerprint(two.blob) });
    expect(error).toMatchObject({ code: 'HOST_KEY_CHANGED' });
    expect((error as HaupError).detail.join()).toContain(fingerprint(one.blob));
    expect((error as HaupError).detail.join()).toContain(fingerprint(two.blob));
  });

  test('system files count', () => {
    const system = policy(line('192.0.2.1', one));
    expect(judge('', one, { globalFiles: system.userFiles })).toBe('known');
    expect(judge('', two, { globalFiles: system.userFiles })).toMatchObject({ code: 'HOST_KEY_CHANGED' });
  });
});

test('a file that cannot be read closes the door', () => {
  const file = join(dir(), 'directory');
  mkdirSync(file);
  expect(() => lookUp(policy('', { globalFiles: [file] }))).toThrow(
    expect.objectContaining({ code: 'HOST_KEY_UNKNOWN' }),
  );
});

test.each([
  ['that others may write', (file: string) => chmodSync(file, 0o666), /may be written by everybody/],
  ['of somebody else', (file: string) => chownSync(file, 4711, 4711), /belongs to another user/],
])('a file %s closes the door', (_name, change, says) => {
  const the = policy(line('192.0.2.1', one));
  change(the.userFiles[0] ?? '');
  expect(() => lookUp(the)).toThrow(says);
  expect(lookUp(policy('', { userFiles: ['/dev/null'] })).keys).toEqual([]);
});

describe('record', () => {
  test('makes the directory and the file for their owner alone', () => {
    const file = join(dir(), '.ssh', 'known_hosts');
    const the = policy('', { userFiles: [file, '/nonexistent/second'] });
    record(one.blob, the);
    expect(readFileSync(file, 'utf8')).toBe(`${line('192.0.2.1', one)}\n`);
    expect([statSync(file).mode & 0o777, statSync(join(file, '..')).mode & 0o777]).toEqual([0o600, 0o700]);
    expect(judgeHostKey(one.blob, lookUp(the), the)).toBe('known');
  });

  test('hashed, as ssh-keygen finds it', () => {
    const the = policy('', { hashNames: true, name: '[192.0.2.1]:2222' });
    record(one.blob, the);
    const [file = ''] = the.userFiles;
    expect(readFileSync(file, 'utf8')).toMatch(/^\|1\|\S+\|\S+ ssh-ed25519 /);
    expect(spawnSync('ssh-keygen', ['-F', '[192.0.2.1]:2222', '-f', file]).status).toBe(0);
    expect(judgeHostKey(one.blob, lookUp(the), the)).toBe('known');
  });

  test('after a last line without end', () => {
    const the = policy(line('x', two));
    record(one.blob, the);
    expect(readFileSync(the.userFiles[0] ?? '', 'utf8')).toBe(
      `${line('x', two)}\n${line('192.0.2.1', one)}\n`,
    );
  });

  test('what somebody else has recorded meanwhile counts', () => {
    const the = policy(`${line('192.0.2.1', one)}\n`);
    record(one.blob, the);
    expect(readFileSync(the.userFiles[0] ?? '', 'utf8')).toBe(`${line('192.0.2.1', one)}\n`);
    expect(() => record(two.blob, the)).toThrow(expect.objectContaining({ code: 'HOST_KEY_CHANGED' }));
  });

  test('a file that cannot be written is an error that gives the pin', () => {
    const the = policy('', { userFiles: ['/proc/haup/known_hosts'] });
    expect(() => record(one.blob, the)).toThrow(
      expect.objectContaining({
        code: 'HOST_KEY_UNKNOWN',
        hint: expect.stringContaining(fingerprint(one.blob)),
      }),
    );
  });
});

describe('guardHostKey', () => {
  test('asks for the known types first', () => {
    const the = policy(`${line('192.0.2.1', ecdsa)}\n${line('other', one)}\n`);
    expect(guardHostKey(the, []).types[0]).toBe('ecdsa-sha2-nistp256');
    expect(guardHostKey(policy(''), []).types[0]).toBe('ssh-ed25519');
    expect(
      guardHostKey(policy(`192.0.2.1 ssh-rsa ${makeKey('rsa').blob.toString('base64')}`), []).types.slice(
        0,
        3,
      ),
    ).toEqual(['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa']);
  });

  test('records only what the exchange has proved, and no other key later', () => {
    const the = policy('');
    const guard = guardHostKey(the, []);
    expect(guard.verify(one.blob)).toBe(true);
    expect(existsSync(the.userFiles[0] ?? '')).toBe(false);
    expect(guard.proven()).toBe(true);
    expect(readFileSync(the.userFiles[0] ?? '', 'utf8')).toContain(one.blob.toString('base64'));
    expect([guard.verify(one.blob), guard.verify(two.blob)]).toEqual([true, false]);
  });

  test('with a pin, files need not be readable', () => {
    const file = join(dir(), 'directory');
    mkdirSync(file);
    const guard = guardHostKey(policy('', { userFiles: [file], pin: fingerprint(one.blob) }), []);
    expect(guard.verify(one.blob)).toBe(true);
  });
});
