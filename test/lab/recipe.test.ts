import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { recipeFor, recipeHash } from '../../src/lab/recipe.ts';

const recipe = recipeFor('debian', 'bookworm', 'amd64');

test('the hash is the recipe: equal for equal ones, another for any change', () => {
  expect(recipeHash(recipeFor('debian', 'bookworm', 'amd64'))).toBe(recipeHash(recipe));
  const others = [
    recipeFor('ubuntu', 'noble', 'amd64'),
    recipeFor('debian', 'bookworm', 'arm64'),
    { ...recipe, include: [...recipe.include, 'vim-tiny'] },
    { ...recipe, customize: `${recipe.customize}# one more line\n` },
    { ...recipe, dpkg: [] },
    { ...recipe, pool: recipe.pool.slice(1) },
  ];
  const hashes = [recipe, ...others].map(recipeHash);
  expect(new Set(hashes).size).toBe(hashes.length);
  for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{16}$/);
});

test('the image has no compiler and no headers: those are in the pool', () => {
  const build = /^(?:gcc|make|build-essential|pkg-config)$|-dev$/;
  expect(recipe.include.filter((name) => build.test(name))).toEqual([]);
  const pool = recipe.pool.flat();
  expect(pool).toEqual(
    expect.arrayContaining(['gcc', 'make', 'libssl-dev', 'libnl-3-dev', 'libpcre2-dev', 'zlib1g-dev']),
  );
  expect(pool).toEqual(expect.arrayContaining(['keepalived', 'nginx', 'curl', 'psmisc']));
});

test('the script that finishes the image is sound shell', () => {
  expect(spawnSync('sh', ['-n'], { input: recipe.customize, encoding: 'utf8' })).toMatchObject({
    status: 0,
    stderr: '',
  });
});
