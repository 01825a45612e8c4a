import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const src = join(import.meta.dirname, '../src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
const text = (file: string): string => readFileSync(join(src, file), 'utf8');
const imports = (file: string): string[] =>
  [...text(file).matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');

/** Folder → the folders it may import besides itself. */
const below: Record<string, readonly string[]> = {
  model: [],
  base: ['model'],
  inventory: ['model'],
  desired: ['model'],
  facts: ['model'],
  plan: ['model'],
  judge: ['model'],
  ssh: ['model', 'base'],
  report: ['model'],
  lab: ['model'],
  verify: ['model'],
  run: ['model', 'base', 'verify', 'judge'],
};

test.each(files)('%s imports downwards only', (file) => {
  const [folder = ''] = file.split('/');
  if (file === 'bin.ts') return expect(imports(file)).toEqual(['node:module', './cli/program.ts']);
  if (folder === 'cli') return;
  const reached = imports(file)
    .filter((from) => from.startsWith('.'))
    .map((from) => relative(src, join(src, dirname(file), from)).split('/')[0] ?? '')
    .filter((to) => to !== folder);
  expect(reached.filter((to) => !(below[folder] ?? []).includes(to))).toEqual([]);
});

test.each([
  ['node-ssh', ['ssh/transport.ts']],
  ['ssh2', []],
  ['rolldown', []],
  ['handlebars', []],
  ['commander', ['cli/program.ts']],
  ['handlebars/runtime.js', ['desired/render.ts']],
  ['ora', ['report/tty.ts']],
  ['chalk', ['report/tty.ts']],
  ['diff', ['report/diff-text.ts']],
] as const)('%s is imported in one place', (library, places) => {
  const found = files.filter(
    (file) =>
      imports(file).includes(library) && !new RegExp(`import type [^;]*'${library}'`).test(text(file)),
  );
  expect(found.filter((file) => !(places as readonly string[]).includes(file))).toEqual([]);
});

test.each(['yaml', 'zod'])('%s is imported in the inventory only', (library) => {
  expect(files.filter((file) => imports(file).includes(library) && !file.startsWith('inventory/'))).toEqual(
    [],
  );
});

const pure = files.filter(
  (file) =>
    /^(model|desired|plan|judge)\//.test(file) ||
    ['verify/bounds.ts', 'verify/outage.ts', 'verify/holders.ts', 'facts/script.ts'].includes(file) ||
    ['inventory/schema.ts', 'inventory/read.ts', 'inventory/rules.ts'].includes(file),
);
test.each(pure.filter((file) => file !== 'desired/render.ts'))('%s is pure', (file) => {
  expect(imports(file).filter((from) => /^node:(?!crypto$|path$)/.test(from))).toEqual([]);
  expect(text(file)).not.toMatch(/\bprocess\.|Date\.now\(|new Date\(\)|Math\.random|setTimeout\(/);
});

test.each(files.filter((file) => !['bin.ts', 'cli/context.ts', 'cli/program.ts'].includes(file)))(
  '%s leaves process to the context',
  (file) => {
    expect(text(file).match(/(?<![.\w`])process\.(env|argv|exit|cwd|stdout|stderr|stdin|on)\b/g)).toBeNull();
  },
);

/** Code without comments. */
const code = (file: string): string => text(file).replace(/\/\*[^]*?\*\/|(?<![:'"`])\/\/.*$/gm, '');

test.each(files.filter((file) => file.startsWith('cli/')))(
  '%s prints through the context, and JSON through printJson',
  (file) => {
    // What goes to a hook's stdin is not printed.
    if (file !== 'cli/hooks.ts') expect(code(file)).not.toContain('JSON.stringify');
    expect(code(file)).not.toContain('jsonText');
  },
);

test.each(files)('%s writes to the terminal only where its text is looked at', (file) => {
  expect(code(file)).not.toMatch(/\bconsole\.(log|info|warn|error|debug)\(/);
  if (file !== 'cli/context.ts') expect(code(file)).not.toMatch(/\bstd(out|err)\.write\(/);
  // The board, whose text is made of printable ones.
  if (!['cli/context.ts', 'cli/reporter.ts'].includes(file)) expect(code(file)).not.toContain('stderrStream');
});
