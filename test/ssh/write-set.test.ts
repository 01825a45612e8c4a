/** A set of files in one command: staged, tested by the daemon, judged on the host, swapped in. By real shells. */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Service } from '../../src/model/domain.ts';
import { unreadMark } from '../../src/model/layout.ts';
import { staleStatus, writeSet } from '../../src/ssh/write-set.ts';
import { shells } from '../shells.ts';
import { putProgram, scratchDirectory } from '../scratch.ts';

describe.each(shells)('by %s', (_shell, program, args) => {
  let root: string;
  beforeEach(() => {
    root = scratchDirectory();
    for (const name of ['bin', 'etc', 'run']) mkdirSync(join(root, name));
    writeFileSync(entry(), before);
  });

  const entry = (): string => `${root}/etc/daemon.conf`;
  const part = (): string => `${root}/etc/part.conf`;
  const [before, after] = ['the old one\n', 'the new one\n'];
  const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
  const owner = `${process.getuid?.()}:${process.getgid?.()}`;

  interface Given {
    readonly service?: Service;
    /** Digest of the entry that the plan was made from. */
    readonly expect?: string;
    /** Bytes at the end of stdin that do not arrive. */
    readonly missing?: number;
  }

  /** Writes the entry and a second file on a host whose daemon does `says` when it is asked for a test. */
  function written(says: string, given: Given = {}) {
    const { service = 'nginx' } = given;
    const binary = join(root, 'bin/daemon');
    putProgram(binary, `case $1 in -v) echo '${given.service}' ;; esac\n${says}`);
    const file = (path: string, text: string, expected: string) =>
      ({
        path,
        bytes: Buffer.from(text),
        mode: 0o640,
        owner,
        secret: false,
        expect: expected,
      }) as const;
    const files = [
      file(entry(), after, given.expect ?? digest(before)),
      file(part(), "it's new\n", 'absent'),
    ];
    const job = writeSet({ do: 'write', service, binary, entry: entry(), files, testing: files });
    const script = job.script
      .replaceAll('/var/lib/haup', `${root}/state`)
      .replaceAll(unreadMark(service), `${root}/run/unread`);
    const { status, stdout } = spawnSync(program, [...args, '-c', script], {
      input: job.stdin?.subarray(0, job.stdin.length - (given.missing ?? 0)) ?? '',
      encoding: 'utf8',
      env: { LC_ALL: 'C', PATH: `${root}/bin:/usr/sbin:/usr/bin:/sbin:/bin` },
    });
    const meaning = job.explain?.(status ?? -1, stdout) ?? null;
    return { status, stdout, refused: meaning?.code === 'CONFIG_TEST_FAILED' ? meaning.detail : null };
  }

  /** Nothing of the new files is anywhere, and the old one is as it was. */
  function untouched(): void {
    expect(readFileSync(entry(), 'utf8')).toBe(before);
    expect(readdirSync(join(root, 'etc'))).toEqual(['daemon.conf']);
    expect(readdirSync(join(root, 'run'))).toEqual([]);
    if (existsSync(join(root, 'state/stage'))) expect(readdirSync(join(root, 'state/stage'))).toEqual([]);
  }

  test('what the daemon accepts is swapped in, and what it has not read is noted', () => {
    const { status, stdout, refused } = written('cat "$3"; echo "the configuration file $3 syntax is ok"');
    expect({ status, refused }).toEqual({ status: 0, refused: null });
    // The staged file was tested, and its directory is not what the operator reads.
    expect(stdout).toBe(`${after}the configuration file ${entry()} syntax is ok\n`);
    expect(readFileSync(entry(), 'utf8')).toBe(after);
    expect(readFileSync(part(), 'utf8')).toBe("it's new\n");
    expect(readFileSync(join(root, 'run/unread'), 'utf8')).toBe(before);
    expect(readdirSync(join(root, 'state/stage'))).toEqual([]);
    expect(readdirSync(join(root, 'etc'))).toEqual(['daemon.conf', 'part.conf']);
  });

  test('what it refuses leaves everything as it was, and its complaints are given', () => {
    const says = 'echo "[emerg] unknown directive in $3:1" >&2; echo "file $3 test failed" >&2; exit 1';
    expect(written(says).refused).toEqual([
      `[emerg] unknown directive in ${entry()}:1`,
      `  1 | ${after.trim()}`,
    ]);
    untouched();
    expect(written('exit 1').refused).toEqual(['nginx -t ended with status 1 and said nothing.']);
    untouched();
  });

  test('a file that has changed since the plan was made stops the swap', () => {
    expect(written('exit 0', { expect: digest('another\n') }).status).toBe(staleStatus);
    untouched();
  });

  test.each([1, 12, 25, 40, 60, 150, 250])('without its last %d bytes a set is not written', (missing) => {
    expect(written('exit 0', { missing }).status).not.toBe(0);
    untouched();
  });

  test('a stage that cannot be made says nothing about the configuration', () => {
    writeFileSync(join(root, 'state'), 'a file\n');
    const { status, refused } = written('exit 0');
    expect(status).not.toBe(0);
    expect(refused).toBeNull();
    untouched();
  });

  test.each(['nginx', 'keepalived'] as const)(
    'without a way to judge what %s says, nothing is written',
    (service) => {
      putProgram(join(root, 'bin/grep'), 'exit 127');
      const { status } = written('echo no; exit 1', { service });
      expect(status).not.toBe(0);
      untouched();
    },
  );

  test.each([
    ['silence', 'exit 0', null],
    ['silence, and that it would adjust something', 'exit 5', null],
    ['silence, and a failure', 'exit 3', ['keepalived -t ended with status 3 and said nothing.']],
    ['a harmless notice', 'echo "(Line 3) NOTICE: setting config option max_auto_priority"; exit 5', null],
    [
      'that a script user is missing',
      'echo "Mon Jan  1 00:00:00 2026: WARNING - the keepalived_script user keepalived does not exist, the default script user will be using root"',
      null,
    ],
    [
      'an unknown word, with the status of an adjustment',
      `echo "(/c: Line 1) Unknown keyword 'x'"; exit 5`,
      [`(/c: Line 1) Unknown keyword 'x'`],
    ],
    ['an unknown word, with the status of success', `echo "  Unknown keyword 'x'"`, [`Unknown keyword 'x'`]],
  ])('keepalived: %s', (_what, says, complaints) => {
    const { status, refused } = written(
      `case $1 in -v) echo 'Keepalived v2.3.1 (x)'; exit ;; esac; ${says}`,
      {
        service: 'keepalived',
      },
    );
    expect(refused).toEqual(complaints);
    if (complaints === null) expect(status).toBe(0);
    else untouched();
  });

  test.each(['1.2.13', '1.3.5', '2.0.3'])(
    'keepalived %s has no test: it says so, and is not asked',
    (version) => {
      // As getopt has it: 1.3.5 then ends with status 0.
      const says = `case $1 in -v) echo 'Keepalived v${version} (03/19,2017)'; exit ;; esac; echo "invalid option" >&2; touch ${root}/run/asked`;
      const { status, stdout } = written(says, { service: 'keepalived' });
      expect(status).toBe(0);
      // Begins as what the operator is to read does.
      expect(stdout).toMatch(
        new RegExp(
          `^haup: keepalived ${version} cannot test a configuration \\(2\\.0\\.4 and newer can\\): it is written untested`,
        ),
      );
      expect(existsSync(join(root, 'run/asked'))).toBe(false);
      expect(readFileSync(entry(), 'utf8')).toBe(after);
    },
  );

  test.each(['2.0.4', '2.0.10', '2.0.20', '2.1.5', '2.2.7', '2.4.3'])('keepalived %s is asked', (version) => {
    const says = `case $1 in -v) echo 'Keepalived v${version} (x)'; exit ;; esac; echo "Unknown keyword"; exit 5`;
    expect(written(says, { service: 'keepalived' }).refused).toEqual(['Unknown keyword']);
  });
});
