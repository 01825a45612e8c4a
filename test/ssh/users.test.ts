/** Users and groups, by the real useradd and userdel, in an /etc that is thrown away. */

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { recordScript } from '../facts/record-script.ts';
import { createUser, removeUser } from '../../src/ssh/users.ts';
import { putProgram, scratchDirectory } from '../scratch.ts';

let root: string;
beforeEach(() => {
  root = scratchDirectory();
  mkdirSync(join(root, 'bin'));
});

const below = (script: string): string => script.replaceAll('/var/lib/haup', `${root}/state`);
const name = 'haupweb';
const create = createUser(name).script;
const remove = removeUser(name).script;

/** Runs the steps one after the other, each a script of its own; gives what is left of the name, and what was said. */
function after(...steps: readonly string[]): { readonly left: string; readonly said: string } {
  steps.forEach((step, index) => writeFileSync(join(root, `${index}.sh`), below(step)));
  const script = `mkdir ${root}/over && mount -t tmpfs tmpfs ${root}/over && mkdir ${root}/over/upper ${root}/over/work || exit 9
mount -t overlay overlay -o lowerdir=/etc,upperdir=${root}/over/upper,workdir=${root}/over/work /etc || exit 9
PATH=${root}/bin:/usr/sbin:/usr/bin:/sbin:/bin
for step in ${steps.map((_, index) => `${root}/${index}.sh`).join(' ')}; do sh "$step" >> ${root}/said 2>&1; done
getent passwd ${name} | cut -d : -f 1,5 | sed 's/^/user /'; getent group ${name} | cut -d : -f 1,4 | sed 's/^/group /'; true`;
  const { status, stdout, stderr } = spawnSync('unshare', ['--mount', 'sh', '-c', script], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the /etc of the test cannot be made: ${stderr}`);
  return { left: stdout, said: execFileSync('cat', [join(root, 'said')], { encoding: 'utf8' }) };
}

describe('a user with a group of its own', () => {
  test('comes and goes', () => {
    expect(after(create).left).toBe(`user ${name}:made by haup\ngroup ${name}:\n`);
  });
  test('and leaves nothing', () => {
    expect(after(create, remove, 'find /var/lib/haup/record -type f | xargs cat')).toEqual({
      left: '',
      said: '',
    });
  });
});

describe('what was there before haup', () => {
  test('a group of that name is used, and stays', () => {
    const { left, said } = after(`groupadd --system ${name}`, create, `id -gn ${name}`, remove);
    expect(left).toBe(`group ${name}:\n`);
    expect(said).toMatch(new RegExp(`^${name}\n`));
  });

  test('a group with members stays as it is', () => {
    const { left } = after(`groupadd --system ${name}; usermod -a -G ${name} nobody`, create, remove);
    expect(left).toBe(`group ${name}:nobody\n`);
  });

  test('a user that somebody has made in its place stays', () => {
    const { left, said } = after(create, `userdel ${name}; useradd --system --user-group ${name}`, remove);
    expect(left).toBe(`user ${name}:\ngroup ${name}:\n`);
    expect(said).toContain(`haup: the user ${name} is not the one that haup made, and stays`);
  });

  test("a group of haup's that others are in by now stays, and it is said", () => {
    const { left, said } = after(create, `usermod -a -G ${name} nobody`, remove);
    expect(left).toBe(`group ${name}:nobody\n`);
    expect(said).toContain(`haup: the group ${name} stays: others are in it`);
  });
});

describe('cut off', () => {
  const told = `${recordScript}\ntrue`;
  /** A useradd after, or before, which all is killed. */
  const killing = (order: 'before' | 'after'): void => {
    const kill = 'kill -9 $PPID';
    const real = `/usr/sbin/useradd "$@"`;
    writeFileSync(
      join(root, 'bin/useradd'),
      `#!/bin/sh\n${order === 'before' ? kill : `${real}; ${kill}`}\n`,
      {
        mode: 0o755,
      },
    );
  };
  const mend = (): string => `rm -f ${root}/bin/useradd`;

  test('when the user was there: he is known, and goes with his group', () => {
    killing('after');
    const { left, said } = after(create, mend(), told, remove);
    expect(said).toMatch(new RegExp(`record\\tusers\\t${name}\n`));
    expect(left).toBe('');
  });

  test('and with a group that was there before haup, the group stays', () => {
    killing('after');
    expect(after(`groupadd --system ${name}`, create, mend(), remove).left).toBe(`group ${name}:\n`);
  });

  test('before: what somebody else makes meanwhile is his', () => {
    killing('before');
    const theirs = `/usr/sbin/useradd --system --user-group ${name}`;
    const { left, said } = after(create, mend(), theirs, told, remove);
    expect(said).not.toMatch(/record\tusers/);
    expect(left).toBe(`user ${name}:\ngroup ${name}:\n`);
  });

  test('before, and done again', () => {
    killing('before');
    expect(after(create, mend(), create, remove)).toMatchObject({ left: '' });
  });
});

test('a useradd that fails leaves no wish behind', () => {
  putProgram(join(root, 'bin/useradd'), 'exit 4');
  const { said } = after(create, 'cat /var/lib/haup/record/intents');
  expect(said).toBe('');
});
