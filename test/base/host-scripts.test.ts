/** The scripts of templates, as shellcheck and the shells of hosts read them. */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scripts } from 'haup:scripts';
import { scripts as labScripts } from 'haup:lab-scripts';
import type { Scripts } from '../../src/base/script-text.ts';
import { hangMs } from '../limits.ts';
import { scratchDirectory } from '../scratch.ts';

const root = join(import.meta.dirname, '../..');
const scratch = scratchDirectory();

describe.each([
  ['templates/scripts', scripts, 'hostScript('],
  ['templates/lab', labScripts, 'labScript('],
])('%s', (folder, all: Scripts, call) => {
  const names = readdirSync(join(root, folder)).map((file) => file.replace(/\.sh$/, ''));
  const source = (name: string): string => readFileSync(join(root, folder, `${name}.sh`), 'utf8');
  const needed = (name: string): readonly string[] => [
    ...new Set([...(all[name]?.needs ?? []).flatMap(needed), ...(all[name]?.needs ?? [])]),
  ];

  /** A script as it runs, comments and all: arguments, the scripts that it needs, itself. */
  const whole = (name: string): string => join(scratch, `${folder.replace('/', '-')}-${name}.sh`);
  for (const name of names) {
    const takes = [...needed(name), name].flatMap((one) => all[one]?.takes ?? []);
    // What a value is, shellcheck must not know.
    const values = takes.filter((take) => take !== '$@').map((take) => `${take}=$(printenv ${take})\n`);
    writeFileSync(whole(name), ['#!/bin/sh\n', ...values, ...[...needed(name), name].map(source)].join(''));
  }

  test(
    'shellcheck finds nothing',
    () => {
      // 2317: a script need not call all the functions of those that it needs.
      const args = ['--shell=sh', '--format=gcc', '--exclude=SC2317', ...names.map(whole)];
      const { status, stdout, stderr, error } = spawnSync('shellcheck', args, { encoding: 'utf8' });
      expect({ error, status, said: stdout + stderr }).toEqual({ error: undefined, status: 0, said: '' });
    },
    hangMs(60_000),
  );

  // One process for all scripts: from here, starting one takes longer than what it does.
  test.each(['dash', 'bash --posix', 'busybox sh'])('%s reads every one', (shell) => {
    const each = `for file; do ${shell} -n "$file" || echo "$file"; done`;
    const { status, stdout, stderr, error } = spawnSync('sh', ['-c', each, 'sh', ...names.map(whole)], {
      encoding: 'utf8',
    });
    expect({ error, status, said: stdout + stderr }).toEqual({ error: undefined, status: 0, said: '' });
  });

  describe.each(names)('%s.sh', (name) => {
    test('every argument that its header declares is used', () => {
      const used = (take: string): boolean =>
        (take === '$@' ? /"\$@"|\$[1#]/ : new RegExp(`\\b${take}\\b(?!=)`)).test(all[name]?.text ?? '');
      expect(all[name]?.takes.filter((take) => !used(take))).toEqual([]);
    });

    test('a quoted here-document has no argument in it: it would stay as it is written', () => {
      const { text = '', takes = [] } = all[name] ?? {};
      const quoted = [...text.matchAll(/<<'(\w+)'[^\n]*\n([^]*?)\n\1\n/g)].map((match) => match[2] ?? '');
      expect(takes.filter((take) => quoted.some((lines) => lines.includes(`$${take}`)))).toEqual([]);
    });
  });

  const src = join(root, 'src');
  const code = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(src, file), 'utf8'));

  // They run as one, with the same variables.
  test('no script sets what another that runs with it is given', () => {
    const lists = code.flatMap((text) =>
      text
        .split(call)
        .slice(1)
        .map((rest) => [...(/^\s*\[([^{]*)/.exec(rest)?.[1]?.matchAll(/'([a-z-]+)'/g) ?? [])])
        .map((list) => list.map(([, name = '']) => name).filter((name) => names.includes(name))),
    );
    const sets = (name: string, take: string): boolean =>
      new RegExp(
        `(?:^|[;&|({]|then |do |else )[ \\t]*(?:IFS=\\S* )?(?:${take}=|for ${take}\\b|read (?:[^\\n;|]* )?${take}\\b)`,
        'm',
      ).test(all[name]?.text ?? '');
    const clashes = [...lists, ...names.map((name) => [name])].flatMap((list) => {
      const together = [...new Set(list.flatMap((name) => [...needed(name), name]))];
      return together.flatMap((one) =>
        (all[one]?.takes ?? [])
          .filter((take) => take !== '$@')
          .flatMap((take) =>
            together
              .filter((name) => all[name]?.takes.includes(take) !== true && sets(name, take))
              .map((name) => `${name} sets ${take} of ${one}`),
          ),
      );
    });
    expect([...new Set(clashes)]).toEqual([]);
  });

  test('every script is used', () => {
    const called = (name: string): boolean =>
      code.some((text) => text.includes(call) && text.includes(`'${name}'`));
    const needs = new Set(names.filter(called).flatMap(needed));
    expect(names.filter((name) => !called(name) && !needs.has(name))).toEqual([]);
  });
});
