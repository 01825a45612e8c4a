import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import type { Host } from '../../src/model/host.ts';
import { agree } from '../../src/run/agree.ts';
import { fakeHost, bareFacts } from '../fakes/host.ts';

afterEach(() => void vi.useRealTimers());

/** How long a question is under way, and its answer, in ms. */
type Ways = readonly [number, number];

/** A host whose clock is `aheadMs` ahead of the operator's. */
function clockHost(name: string, aheadMs: number, ways: readonly Ways[]): Host {
  let asked = 0;
  return {
    ...fakeHost(bareFacts(name)),
    name,
    read: async () => {
      const [there, back] = ways[asked++ % ways.length] ?? [0, 0];
      await new Promise((resolve) => setTimeout(resolve, there));
      const said = String((Date.now() + aheadMs) / 1000);
      await new Promise((resolve) => setTimeout(resolve, back));
      return Buffer.from(`${said}\n`);
    },
  };
}

const way = fc.integer({ min: 0, max: 400 });
const aHost = fc.record({
  aheadMs: fc.integer({ min: -86_400_000, max: 86_400_000 }),
  ways: fc.array(fc.tuple(way, way), { minLength: 3, maxLength: 3 }),
});

test('hosts whose clocks differ act at one moment, as close as their quickest answers', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(aHost, { minLength: 2, maxLength: 4 }), async (given) => {
      vi.useFakeTimers({ now: 1_700_000_000_000 });
      const hosts = given.map(({ aheadMs, ways }, at) => clockHost(`h${at}`, aheadMs, ways));
      const agreeing = agree(hosts, () => Date.now(), new AbortController().signal);
      await vi.runAllTimersAsync();
      const moments = await agreeing;
      const askedBy = Date.now();
      /** The moments of all hosts on one clock. */
      const real = given.map(({ aheadMs }, at) => (moments.get(`h${at}`) ?? Number.NaN) - aheadMs);
      const wrongBy = Math.max(...given.map(({ ways }) => Math.min(...ways.map(([, back]) => back))));
      expect(Math.max(...real) - Math.min(...real)).toBeLessThanOrEqual(wrongBy);
      // Late enough that each has heard of it, though its way there is as long as the longest so far.
      const slowest = Math.max(...given.flatMap(({ ways }) => ways.map(([there, back]) => there + back)));
      expect(Math.min(...real)).toBeGreaterThanOrEqual(askedBy + slowest);
    }),
    { numRuns: 50 },
  );
});
