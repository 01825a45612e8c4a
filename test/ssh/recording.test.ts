import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { FileFact } from '../../src/model/facts.ts';
import { parseRecord } from '../../src/facts/install-record.ts';
import { recordScript } from '../facts/record-script.ts';
import { recording } from '../../src/ssh/recording.ts';
import { shells } from '../shells.ts';
import { putProgram, scratchDirectory } from '../scratch.ts';

describe.each(shells)('by %s', (_shell, program, args) => {
  let root: string;
  beforeEach(() => {
    root = scratchDirectory();
  });

  /** Runs sh with the functions; the state directory is below `root`, and so is every path of the test. */
  const sh = (script: string): string =>
    execFileSync(
      program,
      [...args, '-c', `set -e\n${recording.replaceAll('/var/lib/haup', `${root}/state`)}\n${script}`],
      {
        encoding: 'utf8',
      },
    );
  /** As a write does; `cut` ends it before that step. */
  const put = (name: string, text: string, cut?: 'mv' | 'kept'): void => {
    const steps = [
      `printf %s '${text}' > ${root}/${name}.haup-new; keep ${root}/${name} ${root}/${name}.haup-new`,
      `mv -f ${root}/${name}.haup-new ${root}/${name}`,
      `kept ${root}/${name}`,
    ];
    sh(steps.slice(0, cut === 'mv' ? 1 : cut === 'kept' ? 2 : 3).join('\n'));
  };
  /** What the next one who looks takes for haup's. */
  const told = (kind: 'files' | 'users' | 'packages'): readonly string[] => {
    const script = recordScript.replaceAll('/var/lib/haup', `${root}/state`);
    const said = execFileSync(program, [...args, '-c', `${script}\ntrue`], { encoding: 'utf8' });
    const lines = said.split('\n').map((line) => line.split('\t'));
    const all = (what: string) => lines.filter(([is]) => is === what).map((line) => line.slice(1));
    const found = all('intent').flatMap(([path = '']): [string, FileFact][] => {
      if (!existsSync(path)) return [];
      const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
      return [[path, { state: 'present', sha256, mode: 0o644, owner: 'root:root', text: null }]];
    });
    return parseRecord(all('record'), all('intent'), Object.fromEntries(found))[kind];
  };
  const record = (kind: string): string[] =>
    existsSync(`${root}/state/record/${kind}`)
      ? readFileSync(`${root}/state/record/${kind}`, 'utf8').split('\n').filter(Boolean)
      : [];

  test('a file that haup made goes, and is remembered once until then', () => {
    put('a', 'ours');
    put('a', 'ours again');
    expect(record('files')).toEqual([`${root}/a`]);
    sh(`give_back ${root}/a`);
    expect(existsSync(`${root}/a`)).toBe(false);
    expect(record('files')).toEqual([]);
  });

  test('a file that was there comes back with its bytes and mode, however often haup wrote it', () => {
    writeFileSync(`${root}/a`, 'theirs\n', { mode: 0o640 });
    put('a', 'ours');
    put('a', 'ours again');
    sh(`give_back ${root}/a`);
    expect(readFileSync(`${root}/a`, 'utf8')).toBe('theirs\n');
    expect(statSync(`${root}/a`).mode & 0o777).toBe(0o640);
    expect(record('files')).toEqual([]);
  });

  test('a link that was there comes back as a link', () => {
    symlinkSync('elsewhere', `${root}/a`);
    put('a', 'ours');
    sh(`give_back ${root}/a`);
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
    putProgram(`${root}/bin/restorecon`, `printf '%s\\n' "$@" >> ${root}/labels\nexit 1`);
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

  describe('a write that is cut off', () => {
    test('before the file is there: what somebody else puts there meanwhile is his', () => {
      put('a', 'ours', 'mv');
      expect(record('files')).toEqual([]);
      writeFileSync(`${root}/a`, 'theirs');
      expect(told('files')).toEqual([]);
      put('a', 'ours');
      sh(`give_back ${root}/a`);
      expect(readFileSync(`${root}/a`, 'utf8')).toBe('theirs');
      expect(record('intents')).toEqual([]);
    });

    test('when the file is there: it is known, and what was found there is not lost', () => {
      writeFileSync(`${root}/a`, 'theirs');
      put('a', 'ours', 'kept');
      expect(told('files')).toEqual([`${root}/a`]);
      put('a', 'ours, changed');
      expect(told('files')).toEqual([`${root}/a`]);
      sh(`give_back ${root}/a`);
      expect(readFileSync(`${root}/a`, 'utf8')).toBe('theirs');
      expect(record('intents')).toEqual([]);
    });

    test('a directory that haup was about to make goes when it is empty, and is no error when it is not there', () => {
      sh(
        `intend directories ${root}/x -; intend directories ${root}/y -; mkdir ${root}/x; empty_directories`,
      );
      expect(existsSync(`${root}/x`)).toBe(false);
      expect(record('intents')).toEqual([]);
    });
  });
});
