import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { recording } from '../../src/ssh/record.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'haup-record-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Runs sh with the functions; the state directory is below `root`, and so is every path of the test. */
const sh = (script: string): string =>
  execFileSync(
    '/bin/sh',
    ['-c', `set -e\n${recording.replaceAll('/var/lib/haup', `${root}/state`)}\n${script}`],
    {
      encoding: 'utf8',
    },
  );
const record = (kind: string): string[] =>
  existsSync(`${root}/state/record/${kind}`)
    ? readFileSync(`${root}/state/record/${kind}`, 'utf8').split('\n').filter(Boolean)
    : [];

test('a file that haup made goes, and is remembered once until then', () => {
  sh(`keep ${root}/a; echo ours > ${root}/a; keep ${root}/a`);
  expect(record('files')).toEqual([`${root}/a`]);
  sh(`give_back ${root}/a`);
  expect(existsSync(`${root}/a`)).toBe(false);
  expect(record('files')).toEqual([]);
});

test('a file that was there comes back with its bytes and mode, however often haup wrote it', () => {
  writeFileSync(`${root}/a`, 'theirs\n', { mode: 0o640 });
  sh(`keep ${root}/a; echo ours > ${root}/b; mv ${root}/b ${root}/a`);
  sh(`keep ${root}/a; echo ours again > ${root}/a`);
  sh(`give_back ${root}/a`);
  expect(readFileSync(`${root}/a`, 'utf8')).toBe('theirs\n');
  expect(statSync(`${root}/a`).mode & 0o777).toBe(0o640);
  expect(record('files')).toEqual([]);
});

test('a link that was there comes back as a link', () => {
  symlinkSync('elsewhere', `${root}/a`);
  sh(`keep ${root}/a; echo ours > ${root}/b; mv ${root}/b ${root}/a; give_back ${root}/a`);
  expect(execFileSync('readlink', [`${root}/a`], { encoding: 'utf8' })).toBe('elsewhere\n');
});

test('giving back what is neither there nor remembered is no error', () => {
  sh(`give_back ${root}/never`);
});

test('directories that haup made go when they are empty, the others stay', () => {
  mkdirSync(`${root}/there`);
  sh(`directory ${root}/there/x/y; directory ${root}/there/z; directory ${root}/there/x`);
  writeFileSync(`${root}/there/z/theirs`, '');
  expect(record('directories').sort()).toEqual(['x', 'x/y', 'z'].map((path) => `${root}/there/${path}`));
  sh('empty_directories');
  expect(existsSync(`${root}/there/x`)).toBe(false);
  expect(existsSync(`${root}/there/z/theirs`)).toBe(true);
  expect(record('directories')).toEqual([`${root}/there/z`]);
});

test('a directory that haup makes gets the label that SELinux wants there, where it is on', () => {
  mkdirSync(`${root}/bin`);
  writeFileSync(`${root}/bin/restorecon`, `#!/bin/sh\nprintf '%s\\n' "$@" >> ${root}/labels\nexit 1\n`, {
    mode: 0o755,
  });
  sh(`directory ${root}/x/y`);
  expect(existsSync(`${root}/labels`)).toBe(false);
  sh(`PATH=${root}/bin:$PATH; directory ${root}/z/y`);
  expect(readFileSync(`${root}/labels`, 'utf8')).toBe(`${root}/z\n${root}/z/y\n`);
});

test('a line is matched whole and as it is written', () => {
  sh(
    `remember files ${root}/a.c; remember files ${root}/abc; remember files ${root}/a.c; forget files ${root}/a.c`,
  );
  expect(record('files')).toEqual([`${root}/abc`]);
});
