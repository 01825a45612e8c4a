import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { inLanes, quickTests } from '../../scripts/lanes.mjs';

const job = fc.record({
  builds: fc.boolean(),
  measures: fc.boolean(),
  waits: fc.boolean(),
  turns: fc.integer({ min: 1, max: 4 }),
});

test('every file is run once, no more that work at a time than the processors bear, and none that measures beside one that builds', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(job, { maxLength: 12 }),
      fc.integer({ min: 1, max: 4 }),
      async (given, processors) => {
        const jobs = given.map((one, index) => ({ ...one, name: String(index) }));
        const running = new Set<(typeof jobs)[number]>();
        const ran: string[] = [];
        await inLanes(
          jobs,
          async (one) => {
            for (const other of running) {
              expect(one.builds && other.measures).toBe(false);
              expect(one.measures && other.builds).toBe(false);
            }
            running.add(one);
            const working = [...running].filter(({ builds, waits }) => builds || !waits);
            expect(working.length).toBeLessThanOrEqual(Math.max(1, processors / 0.6));
            expect(running.size).toBeLessThanOrEqual(8);
            for (let turn = 0; turn < one.turns; turn += 1)
              await new Promise((resolve) => setImmediate(resolve));
            running.delete(one);
            ran.push(one.name);
          },
          { processors },
        );
        expect(ran.toSorted()).toEqual(jobs.map(({ name }) => name).toSorted());
      },
    ),
    { numRuns: 50 },
  );
});

test('what neither builds nor measures goes beside what builds', async () => {
  const of = (name: string, builds: boolean, measures: boolean) => ({
    name,
    builds,
    measures,
    waits: false,
  });
  const started: string[] = [];
  const open: (() => void)[] = [];
  const all = inLanes(
    [of('long', true, false), of('timed', false, true), of('plain', false, false)],
    ({ name }) => {
      started.push(name);
      return new Promise<void>((resolve) => open.push(resolve));
    },
    { processors: 2 },
  );
  expect(started).toEqual(['long', 'plain']);
  for (const end of open.splice(0)) end();
  await new Promise((resolve) => setImmediate(resolve));
  expect(started).toEqual(['long', 'plain', 'timed']);
  for (const end of open) end();
  await all;
});

test('two that measure are the most that two processors bear, with what waits beside them', async () => {
  const of = (name: string, waits: boolean) => ({ name, builds: false, measures: !waits, waits });
  const started: string[] = [];
  const open: (() => void)[] = [];
  const all = inLanes(
    ['a', 'b', 'c', 'd'].map((name) => of(name, name === 'd')),
    ({ name }) => {
      started.push(name);
      return new Promise<void>((resolve) => open.push(resolve));
    },
    { processors: 2 },
  );
  expect(started).toEqual(['d', 'a', 'b']);
  while (open.length > 0) {
    open.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await all;
  expect(started).toEqual(['d', 'a', 'b', 'c']);
});

test('what waits most of the time begins at once, beside all that work', async () => {
  const of = (name: string, waits: boolean) => ({ name, builds: false, measures: false, waits });
  const started: string[] = [];
  const open: (() => void)[] = [];
  const all = inLanes(
    ['a', 'b', 'c', 'd'].map((name) => of(name, name === 'd')),
    ({ name }) => {
      started.push(name);
      return new Promise<void>((resolve) => open.push(resolve));
    },
    { processors: 2 },
  );
  expect(started).toEqual(['d', 'a', 'b', 'c']);
  for (const end of open) end();
  await all;
});

test('what belongs to npm test begins before the rest, which fills what it leaves free', async () => {
  const of = (name: string, what: object) => ({
    name,
    builds: false,
    measures: false,
    waits: false,
    ...what,
  });
  const started: string[] = [];
  await inLanes(
    [
      of('a build', { builds: true, all: true }),
      of('a wait', { waits: true, all: true }),
      of('measures', { measures: true }),
      of('plain', {}),
      of('also plain', {}),
    ],
    async ({ name }) => {
      started.push(name);
      await new Promise((resolve) => setImmediate(resolve));
    },
    { processors: 2 },
  );
  expect(started).toEqual(['measures', 'plain', 'a wait', 'also plain', 'a build']);
});

test('when none may begin any more, what runs ends, and the others are named', async () => {
  const of = (name: string) => ({ name, builds: false, measures: true, waits: false });
  const ended: string[] = [];
  const left = await inLanes(
    ['a', 'b', 'c', 'd'].map(of),
    async ({ name }) => {
      await new Promise((resolve) => setImmediate(resolve));
      ended.push(name);
    },
    { processors: 2, mayBegin: () => ended.length === 0 },
  );
  expect(ended).toEqual(['a', 'b']);
  expect(left.map(({ name }) => name)).toEqual(['c', 'd']);
});

test('the tests that `npm test -- quick` runs are there', () => {
  const wanted = Object.entries(quickTests).flatMap(([file, names]) =>
    names.map((name) => [file, name] as const),
  );
  const missing = wanted.filter(([file, name]) => {
    const text = readFileSync(join(import.meta.dirname, `../e2e/${file}.test.ts`), 'utf8');
    return !text.includes(name.replace(' (1)', ' (%i)'));
  });
  expect(missing).toEqual([]);
});
