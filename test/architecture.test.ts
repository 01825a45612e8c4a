import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const src = join(import.meta.dirname, '../src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
const text = (file: string): string => readFileSync(join(src, file), 'utf8');
const imports = (file: string): string[] =>
  [...text(file).matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');

/** Code without comments. */
const code = (file: string): string => text(file).replace(/\/\*[^]*?\*\/|(?<![:'"`])\/\/.*$/gm, '');

/** Room → the rooms that it may import besides itself. Every folder of src is one. */
const below: Record<string, readonly string[]> = {
  model: [],
  base: ['model'],
  nginx: ['base', 'model'],
  cluster: ['base', 'model'],
  inventory: ['cluster', 'nginx', 'base', 'model'],
  desired: ['cluster', 'nginx', 'base', 'model'],
  facts: ['nginx', 'base', 'model'],
  plan: ['cluster', 'nginx', 'base', 'model'],
  check: ['cluster', 'nginx', 'base', 'model'],
  ssh: ['base', 'model'],
  report: ['base', 'model'],
  // Runs in a browser, inside the report that haup writes.
  page: ['report', 'model'],
  lab: ['base', 'model'],
  measure: ['nginx', 'base', 'model'],
  move: ['measure', 'check', 'cluster', 'nginx', 'base', 'model'],
  drill: ['move', 'measure', 'check', 'cluster', 'nginx', 'base', 'model'],
  run: ['measure', 'check', 'cluster', 'nginx', 'base', 'model'],
};
const middle = Object.keys(below).filter((room) => room !== 'lab' && room !== 'page');
below['app'] = middle;
// The inventory for the lab, which knows none.
below['cli'] = ['app', 'report', 'inventory', 'lab', 'base', 'model'];
below['launch'] = [];
below['bin'] = ['cli', 'launch'];

const room = (file: string): string => (file.includes('/') ? (file.split('/')[0] ?? '') : 'bin');
const targets = (file: string): string[] =>
  imports(file)
    .filter((from) => from.startsWith('.'))
    .map((from) => relative(src, join(src, dirname(file), from)));

test.each(files)('%s imports downwards only', (file) => {
  const allowed = below[room(file)];
  expect(allowed, `${room(file)} is a room of the map`).toBeDefined();
  const reached = targets(file).filter((to) => to.endsWith('.ts') && room(to) !== room(file));
  expect(reached.filter((to) => !allowed?.includes(room(to)))).toEqual([]);
});

test('the lab could be a package: it stands on base and model, and cli alone uses it', () => {
  expect(below['lab']).toEqual(['base', 'model']);
  expect(Object.keys(below).filter((name) => below[name]?.includes('lab'))).toEqual(['cli']);
});

test('no files import each other in a circle, types included', () => {
  const state = new Map<string, 'open' | 'done'>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (state.get(file) === 'done') return;
    if (state.get(file) === 'open') {
      circles.push([...path.slice(path.indexOf(file)), file].join(' > '));
      return;
    }
    state.set(file, 'open');
    for (const to of targets(file)) if (files.includes(to)) visit(to, [...path, file]);
    state.set(file, 'done');
  };
  for (const file of files) visit(file, []);
  expect(circles).toEqual([]);
});

test("a file's name says what it is without its folder: none is used twice", () => {
  const names = files.map((file) => basename(file));
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
});

test('a type that several files use has a name of its own', () => {
  const names = files.flatMap((file) =>
    [...text(file).matchAll(/^export (?:interface|type) (\w+)/gm)].map((match) => match[1] ?? ''),
  );
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
});

test('a secret is masked in one place', () => {
  expect(files.filter((file) => /auth_pass\\s/.test(text(file)))).toEqual(['base/masking.ts']);
});

test('package managers are named in their tables, in what reads their answers, and in the lab', () => {
  const named = files.filter((file) => /'(?:apt-get|dnf|yum)'/.test(code(file)) && !file.startsWith('lab/'));
  expect(named).toEqual([
    'base/package-managers.ts',
    // A host as render assumes it, and the answer of dnf.
    'desired/assume.ts',
    'facts/packages.ts',
    'model/package-manager.ts',
  ]);
});

test.each([
  ['quoting for sh', /replaceAll\("'"/, ['base/quote.ts']],
  ['arithmetic on addresses', /split\('\.'\)\.(?:reduce|every)/, ['base/address.ts']],
] as const)('%s is in one file', (_, pattern, places) => {
  expect(files.filter((file) => pattern.test(code(file)))).toEqual(places);
});

test('shell is in templates, not in literals', () => {
  const literals = (file: string): readonly string[] => code(file).match(/`(?:[^`\\]|\\[^])*`/g) ?? [];
  const shell = /\n\s*(?:set -[eu]+\b|mkdir -p|rm -r?f|systemctl \w+ \S|if \[ |case \$|while )/;
  expect(files.filter((file) => literals(file).some((literal) => shell.test(literal)))).toEqual([]);
});

test.each([
  ['node-ssh', ['ssh/transport.ts']],
  ['ssh2', ['ssh/transport.ts']],
  ['rolldown', []],
  ['handlebars', []],
  ['commander', ['cli/commands.ts']],
  ['handlebars/runtime.js', ['desired/load-render.ts']],
  ['ora', ['report/terminal.ts']],
  ['chalk', ['report/terminal.ts']],
  ['diff', ['report/diff-text.ts']],
  ['uplot', ['page/chart-plot.ts']],
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
    /^(model|nginx|cluster|desired|plan|check)\//.test(file) ||
    ['measure/bounds.ts', 'measure/outage.ts', 'measure/tenures.ts', 'facts/facts-script.ts'].includes(
      file,
    ) ||
    ['inventory/schema.ts', 'inventory/read.ts', 'inventory/rules.ts'].includes(file),
);
test.each(pure.filter((file) => file !== 'desired/load-render.ts'))('%s is pure', (file) => {
  expect(imports(file).filter((from) => /^node:(?!crypto$|path$)/.test(from))).toEqual([]);
  expect(text(file)).not.toMatch(/\bprocess\.|Date\.now\(|new Date\(\)|Math\.random|setTimeout\(/);
});

test.each(files.filter((file) => !['bin.ts', 'cli/context.ts', 'cli/program.ts'].includes(file)))(
  '%s leaves process to the context',
  (file) => {
    expect(text(file).match(/(?<![.\w`])process\.(env|argv|exit|cwd|stdout|stderr|stdin|on)\b/g)).toBeNull();
  },
);

test.each(files.filter((file) => /^(cli|app)\//.test(file)))(
  '%s prints through the context, and JSON through printJson',
  (file) => {
    // What goes to a hook's stdin is not printed.
    if (file !== 'app/hooks.ts') expect(code(file)).not.toContain('JSON.stringify');
    expect(code(file)).not.toContain('jsonText');
  },
);

test.each(files)('%s writes to the terminal only where its text is looked at', (file) => {
  expect(code(file)).not.toMatch(/\bconsole\.(log|info|warn|error|debug)\(/);
  if (file !== 'cli/context.ts') expect(code(file)).not.toMatch(/\bstd(out|err)\.write\(/);
  // The board and the live screen, whose text is made of printable ones.
  if (!['cli/context.ts', 'app/command-context.ts', 'app/run-reporter.ts'].includes(file))
    expect(code(file)).not.toContain('stderrStream');
  if (!['cli/context.ts', 'app/command-context.ts', 'cli/status-command.ts'].includes(file))
    expect(code(file)).not.toContain('stdoutStream');
});
