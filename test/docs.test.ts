import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const page = (path: string): string => readFileSync(join(root, path), 'utf8');
const architecture = page('docs/architecture.md');

/** The rows of the tables under a heading: the first cell, without its backticks. */
function firstCells(heading: string): string[] {
  const section = architecture.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/^\| `?([^|`]+?)`? \| (?!---)/gm)].map((match) => match[1] ?? '').slice(1);
}

const roomOf = (file: string): string => dirname(file).split('/')[0] ?? '';

test('every room of src is on the map, with nothing else', () => {
  const folders = readdirSync(join(root, 'src'), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(root, 'src').length + 1));
  expect(firstCells('The rooms of src').toSorted()).toEqual([...folders, 'bin.ts'].toSorted());
});

test('a room imports only rooms below it on the map', () => {
  const rooms = firstCells('The rooms of src').map((name) => (name === 'bin.ts' ? '.' : name));
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  );
  const upwards = files.flatMap((file) =>
    [...page(join('src', file)).matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+\.ts)'/g)]
      .map((match) => join(dirname(file), match[1] ?? ''))
      .filter((to) => rooms.indexOf(roomOf(to)) < rooms.indexOf(roomOf(file)))
      .map((to) => `${file} > ${to}`),
  );
  expect(upwards).toEqual([]);
});

test('the glossary is in the order of the alphabet', () => {
  const words = firstCells('Glossary');
  expect(words.length).toBeGreaterThan(40);
  expect(words).toEqual(words.toSorted((a, b) => a.localeCompare(b)));
});

test('every decision has its date, and is told once', () => {
  const decisions = page('docs/decisions.md')
    .split(/\n(?=\*\*)/)
    .slice(1);
  expect(decisions.length).toBeGreaterThan(100);
  expect(
    decisions.filter((text) => !/\(20\d\d-\d\d-\d\d\)/.test(text)).map((text) => text.slice(0, 80)),
  ).toEqual([]);
  const titles = decisions.map((text) => /^\*\*(.*?)\*\*/s.exec(text)?.[1]);
  expect(titles.filter((title, at) => titles.indexOf(title) !== at)).toEqual([]);
});

test.each(['docs/architecture.md', 'CONTRIBUTING.md'])('every file that %s names exists', (path) => {
  const named = [...page(path).matchAll(/`([\w.-]+(?:\/[\w.-]+)+|[\w-]+\.(?:ts|md|yaml|sh|mjs))`/g)].map(
    (match) => match[1] ?? '',
  );
  expect(named.length).toBeGreaterThan(3);
  const missing = named.filter((name) => !['src', '.'].some((base) => existsSync(join(root, base, name))));
  expect(missing).toEqual([]);
});

test.each(['README.md', 'CONTRIBUTING.md', 'docs/architecture.md', 'docs/decisions.md'])(
  'the links of %s lead somewhere',
  (path) => {
    const anchors = (text: string): string[] =>
      [...text.matchAll(/^#+ (.*)$/gm)].map((match) =>
        (match[1] ?? '')
          .toLowerCase()
          .replaceAll(/[^\w -]/g, '')
          .replaceAll(' ', '-'),
      );
    const links = [...page(path).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
    const broken = links
      .filter((link) => !/^https?:/.test(link))
      .filter((link) => {
        const [file = '', anchor] = link.split('#');
        const target = file === '' ? path : join(path, '..', file);
        if (!existsSync(join(root, target))) return true;
        return anchor !== undefined && !anchors(page(target)).includes(anchor);
      });
    expect(broken).toEqual([]);
  },
);
