import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { removePackages } from '../../../src/ssh/packages/package-removal.ts';
import { putProgram, scratchDirectory } from '../../scratch.ts';

/** Of both families: `there` has the packages, `needs` lines of `PACKAGE NEEDED`, `ran` what was removed, and how. */
const programs = {
  'apt-get': `case $1 in
  -s) while [ "$1" != remove ]; do shift; done; shift
    for name; do echo "Remv $name [1]"; sed -n "s/^\\(.*\\) $name$/Remv \\1 [1]/p" needs; done ;;
  *) echo "$@" >> ran; for name; do sed -i "/^$name$/d" there; done ;;
esac`,
  'dpkg-query': `[ "$2" = "\${2#-f}" ] || { shift 2; for name; do ! grep -qx "$name" there || echo "$name installed"; done; exit; }
grep -qx "$2" there`,
  rpm: `case "$1 $2" in
  '-e --test') shift 2; for name; do sed -n "s/^\\(.*\\) $name$/\\1/p" needs; done | while read -r other; do
    case " $* " in *" $other "*) continue ;; esac
    echo "	lib is needed by (installed) $other-1-1.el9.x86_64"; touch failed; done
    [ ! -e failed ] || { rm failed; exit 1; } ;;
  -e*) echo "$@" >> ran; for name; do sed -i "/^$name$/d" there; done ;;
  -q*) grep -qx "$2" there ;;
esac`,
};

let root: string;
beforeEach(() => {
  root = scratchDirectory();
  for (const path of ['bin', 'var/lib/haup/record', 'usr/sbin'])
    mkdirSync(join(root, path), { recursive: true });
  for (const [name, text] of Object.entries(programs)) putProgram(join(root, 'bin', name), text);
  for (const name of ['there', 'var/lib/haup/record/packages'])
    writeFileSync(join(root, name), 'curl\ngcc\nlibcurl\n');
  for (const name of ['needs', 'ran']) writeFileSync(join(root, name), '');
});

const lines = (name: string): string[] => readFileSync(join(root, name), 'utf8').split('\n').filter(Boolean);

function remove(manager: 'apt-get' | 'dnf' | 'yum', names: readonly string[], purge: boolean) {
  const { script } = removePackages({ do: 'remove-packages', manager, names, purge }, 5);
  const { status, stdout } = spawnSync(
    '/bin/sh',
    ['-c', script.replaceAll(/\/(var|usr)\/(?=[a-z])/g, `${root}/$1/`)],
    {
      cwd: root,
      env: { ...process.env, PATH: `${root}/bin:${process.env['PATH']}` },
      encoding: 'utf8',
    },
  );
  return { status, said: stdout, ran: lines('ran'), recorded: lines('var/lib/haup/record/packages') };
}

describe.each(['apt-get', 'dnf', 'yum'] as const)('%s', (manager) => {
  test('removes what was named and is there, and forgets it', () => {
    const { status, ran, recorded } = remove(manager, ['gcc', 'libcurl', 'never'], true);
    expect(status).toBe(0);
    expect(ran).toEqual([expect.stringMatching(/gcc libcurl$/)]);
    expect(lines('there')).toEqual(['curl']);
    expect(recorded).toEqual(['curl']);
  });

  test('leaves what another package has come to need, says so, and remembers it', () => {
    writeFileSync(join(root, 'needs'), 'php libcurl\n');
    const { status, said, ran, recorded } = remove(manager, ['curl', 'libcurl'], true);
    expect(status).toBe(0);
    expect(said).toContain('haup: the package libcurl stays: php needs it');
    expect(ran).toEqual([expect.stringMatching(/ curl$/)]);
    expect(recorded).toEqual(['gcc', 'libcurl']);
  });

  test('does nothing where none of them is there', () => {
    expect(remove(manager, ['never'], true)).toMatchObject({ status: 0, ran: [] });
  });
});

test('the configuration stays where nothing is purged, and so does what is remembered by it', () => {
  const { ran, recorded } = remove('apt-get', ['curl'], false);
  expect(ran).toEqual([expect.stringMatching(/ remove curl$/)]);
  expect(recorded).toContain('curl');
});

test('a package of rpm whose program a build has replaced does not run its scripts', () => {
  expect(remove('dnf', ['curl'], false).ran).toEqual(['-e --noscripts curl']);
});
