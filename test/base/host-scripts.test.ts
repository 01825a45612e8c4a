/** The scripts of templates/scripts, as shellcheck and the shells of hosts read them. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scripts } from 'haup:scripts';

const directory = join(import.meta.dirname, '../../templates/scripts');
const names = readdirSync(directory).map((file) => file.replace(/\.sh$/, ''));
const source = (name: string): string => readFileSync(join(directory, `${name}.sh`), 'utf8');

const needed = (name: string): readonly string[] => [
  ...new Set([...(scripts[name]?.needs ?? []).flatMap(needed), ...(scripts[name]?.needs ?? [])]),
];

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'haup-scripts-'));
});
afterAll(() => rmSync(scratch, { recursive: true }));

/** A script as a host gets it, comments and all: arguments, the scripts that it needs, itself. */
function whole(name: string): string {
  const takes = [...needed(name), name].flatMap((one) => scripts[one]?.takes ?? []);
  // What a value is, shellcheck must not know.
  const values = takes.filter((take) => take !== '$@').map((take) => `${take}=$(printenv ${take})\n`);
  const path = join(scratch, `${name}.sh`);
  writeFileSync(path, ['#!/bin/sh\n', ...values, ...needed(name).map(source), source(name)].join(''));
  return path;
}

describe.each(names)('%s.sh', (name) => {
  test('shellcheck finds nothing', () => {
    // 2317: functions of a script that others need may not be called by this one.
    const args = ['--shell=sh', '--format=gcc', '--exclude=SC2317', whole(name)];
    const { status, stdout, stderr, error } = spawnSync('shellcheck', args, { encoding: 'utf8' });
    expect({ error, status, said: stdout + stderr }).toEqual({ error: undefined, status: 0, said: '' });
  });

  test.each([['dash'], ['bash', '--posix'], ['busybox', 'sh']])('%s %s reads it', (...shell) => {
    const [program = '', ...args] = shell;
    const { status, stderr, error } = spawnSync(program, [...args, '-n', whole(name)], { encoding: 'utf8' });
    expect({ error, status, stderr }).toEqual({ error: undefined, status: 0, stderr: '' });
  });

  test('every argument that its header declares is used', () => {
    const used = (take: string): boolean =>
      take === '$@' ? /"\$@"|\$[1#]/.test(source(name)) : new RegExp(`\\$\\{?${take}\\b`).test(source(name));
    expect(scripts[name]?.takes.filter((take) => !used(take))).toEqual([]);
  });
});

test('every script is used', () => {
  const src = join(import.meta.dirname, '../../src');
  const code = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(src, file), 'utf8'));
  const calls = code.flatMap((text) => text.split(/\bhostScript\(/).slice(1));
  const called = (name: string): boolean => calls.some((call) => call.includes(`'${name}'`));
  const needs = new Set(names.filter(called).flatMap(needed));
  expect(names.filter((name) => !called(name) && !needs.has(name))).toEqual([]);
});
