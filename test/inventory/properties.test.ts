import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Inventory } from '../../src/model/domain.ts';
import { drainedBy } from '../../src/model/layout.ts';
import { HaupError } from '../../src/model/errors.ts';
import { Secret } from '../../src/model/secret.ts';
import { authPassProblem } from '../../src/inventory/rules.ts';
import { least, options, read } from './reading.ts';

const example = readFileSync(fileURLToPath(new URL('../../inventory.example.yaml', import.meta.url)), 'utf8');
const whole = example.replaceAll(/^( *)# ( *(?:- )?[a-z_0-9]+:(?: .*)?)$/gm, '$1$2');

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Path = readonly (string | number)[];
const document = parse(whole) as Json;

/** Anything but an inventory or a readable refusal is a failure. */
function attempt(text: string): Inventory | HaupError {
  try {
    return read(text);
  } catch (error) {
    if (!(error instanceof HaupError)) throw error;
    expect(['INVENTORY_INVALID', 'SECRET_MISSING']).toContain(error.code);
    expect(error.detail[0]).toMatch(/^inventory\.yaml:\d+:\d+ \S/);
    const said = error.detail.join('\n');
    expect(said).not.toMatch(/at .*\.(ts|js):\d/);
    // What the file itself says may be shown again.
    for (const slip of ['undefined', '[object', 'NaN'])
      if (!text.includes(slip)) expect(said).not.toContain(slip);
    return error;
  }
}

test('no text causes a stack trace', () => {
  const yamlish = fc.string({
    unit: fc.constantFrom(...Array.from('ab:-[]{}&*!|>"\'#%@`,? \n\t<=0.~\u0000é注')),
    maxLength: 80,
  });
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), yamlish), (text) => void attempt(text)),
    { numRuns: 500 },
  );
});

test('no damage to a good file causes a stack trace', () => {
  const damage = fc.record({
    at: fc.nat(whole.length),
    cut: fc.nat(40),
    put: fc.oneof(
      fc.string({ maxLength: 6 }),
      fc.constantFrom('\n', ': ', '- ', '{', '[', '*a', '&a ', '<<: ', '"', '\t', 'null', '~'),
    ),
  });
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (damages) => {
      void attempt(
        damages.reduce((text, { at, cut, put }) => text.slice(0, at) + put + text.slice(at + cut), whole),
      );
    }),
    { numRuns: 100 },
  );
});

test('no value in any place causes a stack trace', () => {
  const places = [...walk(document, [])].map(([path]) => path);
  fc.assert(
    fc.property(fc.constantFrom(...places), fc.jsonValue({ maxDepth: 3 }), (path, value) => {
      void attempt(JSON.stringify(replace(document, path, value as Json)));
    }),
    { numRuns: 200 },
  );
});

type JsonMap = { readonly [key: string]: Json };

/** The least inventory that has the value, since it is read some 200 times, and the path of the value there. */
function partOf([top, key, index, ...rest]: Path): readonly [Json, Path] {
  const { hosts, vips, [String(top)]: value } = document as { hosts: JsonMap; vips: Json[] } & JsonMap;
  const pair = { keep_136: { address: '192.168.160.136' }, keep_137: { address: '192.168.160.137' } };
  const part = { hosts: pair, vips: [{ address: '192.168.160.161', hosts: Object.keys(pair) }] };
  const path = [top, key, index, ...rest].filter((one) => one !== undefined);
  if (top === 'hosts') return [{ ...part, hosts: { ...pair, [String(key)]: hosts[String(key)]! } }, path];
  if (top === 'vips') return [{ ...part, vips: [vips[Number(key)]!] }, ['vips', 0, ...path.slice(2)]];
  if (key === undefined) return [{ ...part, [String(top)]: value! }, path];
  const inner = (value as JsonMap)[String(key)]!;
  return Array.isArray(inner)
    ? [{ ...part, [String(top)]: { [key]: [inner[Number(index)]] } }, [String(top), key, 0, ...rest]]
    : [{ ...part, [String(top)]: { [key]: inner } }, path];
}

const injections = [
  '\n',
  '\r\n',
  '\u0000',
  '\u2028',
  '\u0085',
  '\t',
  ' ',
  ';',
  '{',
  '}',
  '"',
  "'",
  '`',
  '\\',
  '#',
  '!',
  '$',
  '|',
  '&',
  '<',
  '>',
  '(',
  ')',
  '*',
  '~',
  '^',
  '%n',
  '@',
  '; rm -rf /;',
  '$(id)',
  '${IFS}',
  '`id`',
  '}\nvrrp_script x {',
  '\ninclude /etc/shadow',
  '" -o ProxyCommand=id "',
  '/../..',
  ',x',
  '-',
  ',-oProxyCommand=id',
  '=',
  ':',
  'é',
];
const words = ['-oProxyCommand=id', '--', '', '.', '..', '/', '@id', '${x}', '~SEQ(x, 1, 2)', 'if', '\ufeff'];
/** One text for each key of the schema. */
const texts = new Map(
  [...walk(document, [])]
    // A hook is a command, for the operator's own machine; it reaches no host and no file.
    .filter(([path, value]) => typeof value === 'string' && !isSecret(path) && path[0] !== 'hooks')
    .map((each) => [
      each[0]
        .map((key, i) => (i === 1 && each[0][0] === 'hosts' ? '*' : Number.isInteger(key) ? 0 : key))
        .join('.'),
      each,
    ]),
);

test.each([...texts].map(([name, [path, value]]) => [name, path, value as string] as const))(
  'no value of %s adds a line, a directive or a command',
  (name, path, good) => {
    const [part, place] = partOf(path);
    const isHeld = (value: string): boolean => {
      const result = attempt(JSON.stringify(replace(part, place, value)));
      return result instanceof HaupError || stringsOf(result).every((text) => isInert(text, name));
    };
    expect(attempt(JSON.stringify(part))).not.toBeInstanceOf(HaupError);
    const middle = good.length >> 1;
    const hostile = injections.flatMap((bad) => [
      bad,
      bad + good,
      good + bad,
      good.slice(0, middle) + bad + good.slice(middle),
    ]);
    expect([...hostile, ...words].filter((value) => !isHeld(value))).toEqual([]);
    const anywhere = fc
      .tuple(fc.nat(good.length), fc.constantFrom(...injections))
      .map(([i, bad]) => good.slice(0, i) + bad + good.slice(i));
    fc.assert(fc.property(fc.oneof(anywhere, fc.string({ unit: 'binary' })), isHeld), { numRuns: 20 });
  },
);

test('no host name adds a line, a directive or a command', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.constantFrom(...injections).map((bad) => `keep${bad}136`),
        fc.string({ unit: 'binary' }),
      ),
      (name) => {
        const text = JSON.stringify({
          hosts: { [name]: {}, b: {} },
          vips: [{ address: '10.0.0.9', hosts: [name, 'b'] }],
        });
        const result = attempt(text);
        if (!(result instanceof HaupError)) expect(name).toMatch(/^[A-Za-z0-9][\w.-]*$/);
      },
    ),
  );
});

test('a password for keepalived.conf stays one word of at most 8 bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 10 }), (password) => {
      const accepted = authPassProblem(password) === null;
      if (accepted) expect(password).toMatch(/^[^\s#!"'\\{}$@~]{1,8}$/);
      const result = (() => {
        try {
          return read(least('vrrp: {auth_pass: env:A}'), {
            ...options,
            resolveSecret: () => new Secret(password, 'env:A'),
          });
        } catch (error) {
          return error;
        }
      })();
      expect(result instanceof HaupError).toBe(!accepted);
    }),
  );
});

test('accepted inventories are coherent: distinct hosts, falling priorities, one VRID per VIP', () => {
  const vip = fc.record({
    address: fc.constantFrom('10.0.0.8', '10.0.0.9/24', '10.0.1.9', '10.0.0.1'),
    hosts: fc.subarray(['a', 'b', 'c'], { minLength: 1 }),
    virtual_router_id: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
    priorities: fc.option(
      fc.array(fc.integer({ min: -2, max: 300 }), { maxLength: 4 }).map((each) => each.sort((x, y) => y - x)),
      { nil: undefined },
    ),
  });
  let accepted = 0;
  fc.assert(
    fc.property(fc.array(vip, { minLength: 1, maxLength: 3 }), (vips) => {
      const result = attempt(JSON.stringify({ hosts: { a: { address: '10.0.0.1' }, b: {}, c: {} }, vips }));
      if (result instanceof HaupError) return;
      accepted++;
      const ids = result.vips.map(({ virtualRouterId }) => virtualRouterId);
      expect(new Set(ids).size).toBe(ids.length);
      for (const { virtualRouterId, members } of result.vips) {
        expect(virtualRouterId).toBeGreaterThanOrEqual(1);
        expect(new Set(members.map(({ host }) => host)).size).toBe(members.length);
        const priorities = members.map(({ priority }) => priority);
        expect(priorities).toEqual([...priorities].sort((x, y) => y - x));
        expect(Math.min(...priorities)).toBeGreaterThan(
          Math.max(
            1,
            Math.max(...priorities) + drainedBy.change,
            Math.max(...priorities) + drainedBy.operator,
          ),
        );
        expect(Math.max(...priorities)).toBeLessThanOrEqual(254);
      }
    }),
    { numRuns: 1000 },
  );
  expect(accepted).toBeGreaterThan(20);
});

function* walk(value: Json, path: Path): Generator<readonly [Path, Json]> {
  yield [path, value];
  if (typeof value !== 'object' || value === null) return;
  for (const [key, child] of Object.entries(value))
    yield* walk(child, [...path, Array.isArray(value) ? Number(key) : key]);
}

function replace(value: Json, [key, ...rest]: Path, by: Json): Json {
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((child, i) => (i === key ? replace(child as Json, rest, by) : (child as Json)));
  const map = value as { readonly [key: string]: Json };
  return { ...map, [key]: replace(map[key] as Json, rest, by) };
}

function isSecret(path: Path): boolean {
  return ['auth_pass', 'password', 'sudo_password'].includes(String(path.at(-1)));
}

/** Every text of an inventory that reaches a template, a command or a file name. */
function stringsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof Secret || typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => (key === 'text' ? [] : stringsOf(child)));
}

/** One word without a special meaning to sh, nginx, keepalived or systemd. */
function isInert(text: string, place: string): boolean {
  const isUrl = /^(https?|file):\/\//.test(text);
  const isLocal = /identity_file|sites\.0\.file/.test(place) || text.startsWith('~/');
  const isOption = text.startsWith('--') && text.length > 2;
  if (text === '' || (text.startsWith('-') && !isOption) || (place.endsWith('jump') && text.includes(',-')))
    return false;
  const rest = isUrl
    ? text.replaceAll(/[&?=%~]/g, '')
    : isLocal
      ? text.replaceAll(/[ ~@\p{L}\p{M}\p{N}]/gu, '')
      : text.replaceAll(/^\*(?=[.:])|(?<=\.)\*$/g, '');
  if (place.endsWith('prefix') && rest.includes('%')) return false;
  if (/(prefix|root)$/.test(place) && /(^|\/)\.\.?(\/|$)/.test(text)) return false;
  return (
    isOption || / (default_server|ssl)$/.test(text) ? /^[\w.,/:@%+= ~-]*$/ : /^[\w.,/:@%+=[\]-]*$/
  ).test(rest);
}
