import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { flavours } from '../../src/lab/flavour.ts';
import type { Recipe } from '../../src/lab/recipe.ts';
import { recipeFor, recipeHash } from '../../src/lab/recipe.ts';

const recipe = recipeFor('debian', 'bookworm', 'amd64', 'apt');
const yum = recipeFor('debian', 'bookworm', 'amd64', 'yum');

test('the hash identifies the recipe: any change changes it', () => {
  expect(recipeHash(recipeFor('debian', 'bookworm', 'amd64', 'apt'))).toBe(recipeHash(recipe));
  const others = [
    recipeFor('ubuntu', 'noble', 'amd64', 'apt'),
    recipeFor('debian', 'bookworm', 'arm64', 'apt'),
    { ...recipe, include: [...recipe.include, 'vim-tiny'] },
    { ...recipe, finish: `${recipe.finish}# one more line\n` },
    { ...recipe, dpkg: [] },
    { ...recipe, pool: recipe.pool.slice(1) },
    yum,
    withRpm({ convert: `${yum.rpm?.convert}# one more line\n` }),
    withRpm({ names: { ...yum.rpm?.names, gcc: ['gcc'] } }),
    withRpm({ specs: 2 }),
  ];
  const hashes = [recipe, ...others].map(recipeHash);
  expect(new Set(hashes).size).toBe(hashes.length);
  for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{16}$/);
});

function withRpm(change: Partial<Recipe['rpm']>): Recipe {
  if (yum.rpm === null) throw new Error('the flavour yum has RPM packages');
  return { ...yum, rpm: { ...yum.rpm, ...change } };
}

test.each(flavours)(
  'the image of flavour %s has no compiler and no headers: those are in the pool',
  (flavour) => {
    const { include, pool } = recipeFor('debian', 'bookworm', 'amd64', flavour);
    const build = /^(?:gcc|make|build-essential|pkg-config)$|-dev$/;
    expect(include.filter((name) => build.test(name))).toEqual([]);
    expect(pool.flat()).toEqual(
      expect.arrayContaining(['gcc', 'make', 'libssl-dev', 'libnl-3-dev', 'libpcre2-dev', 'zlib1g-dev']),
    );
    expect(pool.flat()).toEqual(expect.arrayContaining(['keepalived', 'nginx', 'curl', 'psmisc']));
    expect(include.includes('dnf')).toBe(flavour === 'yum');
  },
);

test.each([
  ['the script that finishes an image of flavour apt', recipe.finish],
  ['the script that finishes an image of flavour yum', yum.finish],
  ['the conversion to RPM packages', yum.rpm?.convert ?? ''],
  ...Object.entries(yum.rpm?.amendments ?? {}).map(([name, { tree = ':' }]) => [
    `what is different about ${name}`,
    tree,
  ]),
])('%s is sound shell', (_, input) => {
  expect(spawnSync('sh', ['-n'], { input, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
});
