import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FileWrite } from '../../src/model/action.ts';
import type { Change, Plan } from '../../src/model/plan.ts';
import { looksSaved } from '../../src/plan/looks-saved.ts';
import { readPlan, type SavedPlan, writePlan } from '../../src/plan/plan-document.ts';
import { exampleInventory } from '../fakes/example.ts';
import { factsOf, pair, planFor } from '../fakes/pair.ts';

const texts = { file: '/i.yaml', directory: '/', text: 'hosts: {}', sites: {}, overlay: null };
const made = { who: 'ana@workstation', when: '2026-01-01T00:00:00.000Z', haup: '0.1.0' };
const saved = (plan: Plan): SavedPlan => ({ plan, inventory: texts, snapshots: { a: { x: 'y' } }, made });
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
/** The same whatever kind of array bytes are in. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_key, item: unknown) => {
      const buffer = item as { type?: string; data?: number[] } | null;
      if (item instanceof Uint8Array) return `bytes ${Buffer.from(item).toString('hex')}`;
      if (buffer?.type === 'Buffer') return `bytes ${Buffer.from(buffer.data ?? []).toString('hex')}`;
      return item;
    }),
  );

const file: fc.Arbitrary<FileWrite> = fc.record({
  path: fc.constantFrom('/etc/a', '/etc/b', '__proto__', '1'),
  bytes: fc.oneof(
    fc.constant('absent' as const),
    fc.uint8Array({ maxLength: 40 }),
    fc.string({ unit: 'grapheme' }).map((text) => new Uint8Array(Buffer.from(text, 'utf8'))),
  ),
  mode: fc.nat(0o777),
  owner: fc.constant('root:root'),
  secret: fc.boolean(),
  expect: fc.constantFrom('absent', 'any', 'f'.repeat(64)),
});
const write = fc.array(file, { maxLength: 4 }).map((files) => ({
  do: 'write' as const,
  service: 'nginx' as const,
  binary: '/n',
  entry: '/e',
  files,
  testing: files.flatMap((one) => (one.bytes === 'absent' ? [] : [{ ...one, bytes: one.bytes }])),
}));
const change: fc.Arbitrary<Change> = fc.record({
  id: fc.string(),
  kind: fc.constantFrom('config', 'service', 'drain'),
  title: fc.string({ unit: 'binary' }),
  why: fc.string(),
  actions: fc.array(write, { maxLength: 2 }),
  undo: fc.array(write, { maxLength: 1 }),
  diffs: fc.array(
    fc.record({
      path: fc.string(),
      before: fc.option(fc.string(), { nil: null }),
      after: fc.option(fc.string(), { nil: null }),
    }),
    { maxLength: 1 },
  ),
});
const plan: fc.Arbitrary<Plan> = fc.record({
  tracks: fc.array(
    fc.array(
      fc.record({
        title: fc.string(),
        work: fc.array(
          fc.record({ host: fc.constantFrom('a', '2'), changes: fc.array(change, { maxLength: 2 }) }),
          {
            maxLength: 2,
          },
        ),
        gate: fc.constant([]),
      }),
      { maxLength: 2 },
    ),
    { maxLength: 2 },
  ),
  same: fc.constant([]),
  want: fc.constant([]),
});
const filesOf = (of: Plan): readonly FileWrite[] =>
  of.tracks
    .flat()
    .flatMap(({ work }) => work)
    .flatMap(({ changes }) => changes)
    .flatMap(({ actions, undo }) => [...actions, ...(undo ?? [])])
    .flatMap((action) => (action.do === 'write' ? action.files : []));

describe('a plan that was saved', () => {
  test('comes back as it was, once the bytes of its secrets are given', () => {
    fc.assert(
      fc.property(plan, (one) => {
        const draft = readPlan(writePlan(saved(one)), 'plan.json');
        const secrets = new Map<string, Uint8Array>();
        for (const { bytes, secret } of filesOf(one))
          if (bytes !== 'absent' && secret) secrets.set(sha256(bytes), bytes);
        expect(draft.withheld.toSorted()).toEqual([...secrets.keys()].toSorted());
        expect(plain(draft.complete(secrets))).toEqual(plain(one));
        expect(draft).toMatchObject({ inventory: texts, made, snapshots: { a: { x: 'y' } } });
      }),
    );
  });

  test('holds no byte of a file with a secret, nor of another file that is equal to one', () => {
    const bytes = Buffer.from('auth_pass 53cr37\n');
    const one = (secret: boolean): FileWrite => ({
      path: `/${secret}`,
      bytes,
      mode: 0o640,
      owner: 'root:root',
      secret,
      expect: 'absent',
    });
    const action = { do: 'put-files' as const, files: [one(false), one(true)] };
    const changes = [{ id: 'a', kind: 'init' as const, title: 'a', why: '', actions: [action], diffs: [] }];
    const text = writePlan(
      saved({
        tracks: [[{ title: '', work: [{ host: 'a', changes }], gate: [] }]],
        same: [],
        want: [],
      }),
    );
    expect(text).not.toContain('53cr37');
    expect(text).not.toContain(bytes.toString('base64').slice(0, 12));
  });

  test('of a whole first apply has the files to read, and the password nowhere', () => {
    const inventory = exampleInventory((text) => text.replace(':-1111', ''));
    const hosts = pair();
    const whole = planFor(inventory, hosts);
    const text = writePlan(saved(whole));
    expect(text).toContain('worker_connections 1024;');
    expect(text).not.toMatch(/auth_pass 1111/);
    const draft = readPlan(text, 'plan.json');
    const again = planFor(inventory, hosts).want.flatMap(({ resources }) => resources);
    const known = new Map(
      again.flatMap((resource) =>
        resource.kind === 'config' ? resource.set.files.map((one) => [sha256(one.bytes), one.bytes]) : [],
      ),
    );
    expect(plain(draft.complete(known))).toEqual(plain(whole));
    expect(factsOf(hosts).size).toBe(2);
  });

  test('is known by its first bytes, and no inventory is taken for one', () => {
    const text = writePlan(saved({ tracks: [], same: [], want: [] }));
    expect(looksSaved(text.slice(0, 64))).toBe(true);
    expect(looksSaved('{"hosts": {}, "format": "haup plan"}')).toBe(false);
    expect(looksSaved('hosts:\n  a: {}\n')).toBe(false);
  });
});

describe('a file that is not as haup wrote it is refused', () => {
  const text = writePlan(
    saved({ tracks: [[{ title: 'change a', work: [], gate: [] }]], same: [], want: [] }),
  );
  const refused = (changed: string) =>
    expect(() => readPlan(changed, 'plan.json')).toThrow(expect.objectContaining({ code: 'USAGE' }));

  test('cut off anywhere', () => {
    for (let length = 0; length < text.length - 2; length++) refused(text.slice(0, length));
  });

  test('with another character anywhere in what it says', () => {
    const body = text.indexOf('"body"');
    fc.assert(
      fc.property(fc.integer({ min: body + 8, max: text.length - 3 }), (at) => {
        if (/\s/.test(text.charAt(at))) return;
        refused(`${text.slice(0, at)}${text.charAt(at) === 'x' ? 'y' : 'x'}${text.slice(at + 1)}`);
      }),
    );
  });

  test('of another format, which it says', () => {
    expect(() => readPlan(text.replace('"version": 3', '"version": 2'), 'plan.json')).toThrow(
      /saved in format 2, and this haup reads 3/,
    );
  });
});
