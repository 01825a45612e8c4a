import { describe, expect, test } from 'vitest';
import { HaupError } from '../../src/model/errors.ts';
import type { Host } from '../../src/model/host.ts';
import { heldTimes, tenures } from '../../src/measure/tenures.ts';
import { watchAddresses } from '../../src/measure/address-watch.ts';
import { hangMs } from '../limits.ts';

const vip = '192.168.160.161';
const nano = (ms: number): string => `${Math.round(ms)}000000`;

/** A host whose clock is `ahead` of ours, and whose watch says what it is told to. */
function host(name: string, ahead: number, now: () => number) {
  const waiting: string[] = [];
  let wake = (): void => {};
  let over: Error | 'end' | null = null;
  let set = 0;
  const up = (): string => (now() / 1000).toFixed(2);
  const stamp = (ms: number): string => new Date(ms).toISOString().replace(/\.(\d{3})Z$/, '.$1000');
  const push = (line: string): void => {
    waiting.push(line);
    wake();
  };
  const port = {
    name,
    read: async () => Buffer.from(nano(now() + ahead)),
    watch: async function* (_: unknown, signal: AbortSignal) {
      signal.addEventListener('abort', () => wake());
      for (;;) {
        if (signal.aborted) return;
        const line = waiting.shift();
        if (line !== undefined) yield line;
        else if (over === 'end') return;
        else if (over !== null) throw over;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    },
  } as unknown as Host;
  return {
    port,
    tick: (...addresses: string[]) =>
      push(
        `tick ${nano(now() + ahead + set)} ${nano(now() + ahead + set)} ${up()} ${up()} ${addresses.join(' ')}`.trim(),
      ),
    change: (held: boolean, atMs = now()) =>
      push(
        `[${stamp(atMs + ahead + set)}] ${held ? '' : 'Deleted '}2: ens33    inet ${vip}/32 scope global ens33`,
      ),
    /** Somebody sets its clock. */
    setClock: (byMs: number) => {
      set += byMs;
    },
    end: (how: Error | 'end') => {
      over = how;
      wake();
    },
  };
}
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

async function pair(limit = AbortSignal.timeout(hangMs(5000))) {
  const clock = { ms: 1_000_000 };
  const now = (): number => clock.ms;
  const a = host('a', 5000, now);
  const b = host('b', -70_000, now);
  a.tick('192.168.160.136', vip);
  b.tick('192.168.160.137');
  const watch = await watchAddresses([a.port, b.port], { now, limitSeconds: 60 }, limit);
  return { clock, a, b, watch };
}

describe('watchAddresses', () => {
  test('knows from the start who has what', async () => {
    const { watch } = await pair();
    expect(watch.holders(vip)).toEqual(['a']);
    expect(watch.holders('192.168.160.137')).toEqual(['b']);
    await watch[Symbol.asyncDispose]();
  });

  test('puts the events of hosts whose clocks differ on one time', async () => {
    const { clock, a, b, watch } = await pair();
    clock.ms = 1_000_100;
    a.change(false);
    clock.ms = 1_000_788;
    b.change(true);
    await settle();
    expect(watch.holders(vip)).toEqual(['b']);
    const list = tenures([], watch.events(vip), { fromMs: 1_000_050, toMs: 1_001_000 });
    expect(heldTimes(list)).toEqual({ bothHeldMs: 0, noneHeldMs: 688 });
    expect(watch.clockErrorMs()).toBe(0);
    await watch[Symbol.asyncDispose]();
  });

  test.each([10_000, -10_000])(
    'a host clock that is set by %i ms is an error of about that size',
    async (by) => {
      const { clock, b, watch } = await pair();
      clock.ms = 1_000_500;
      b.setClock(by);
      b.tick('192.168.160.137');
      await settle();
      expect(watch.clockErrorMs()).toBeGreaterThan(9_900);
      await watch[Symbol.asyncDispose]();
    },
  );

  test('a change that the monitor did not say is found by the next tick', async () => {
    const { clock, b, watch } = await pair();
    clock.ms = 1_000_900;
    b.tick('192.168.160.137', vip);
    await settle();
    expect(watch.holders(vip)).toEqual(['a', 'b']);
    expect(watch.events(vip).at(-1)).toMatchObject({ host: 'b', held: true, at: 1_000_900 });
    await watch[Symbol.asyncDispose]();
  });

  test('a tick that looked before a change does not undo it', async () => {
    const { clock, b, watch } = await pair();
    clock.ms = 1_000_900;
    b.change(true, 1_000_901);
    b.tick('192.168.160.137');
    await settle();
    expect(watch.holders(vip)).toEqual(['a', 'b']);
    await watch[Symbol.asyncDispose]();
  });

  test('a host that may go away has nothing from when it was last heard, and is watched anew when it is back', async () => {
    const { clock, a, b, watch } = await pair();
    watch.leave('a');
    clock.ms = 1_000_400;
    a.tick('192.168.160.136', vip);
    await settle();
    clock.ms = 1_009_000;
    a.end(new HaupError('CONNECTION_LOST', 'gone', { host: 'a' }));
    await settle();
    expect(watch.holders(vip)).toEqual([]);
    expect(watch.events(vip).at(-1)).toMatchObject({ host: 'a', held: false, at: 1_000_400 });
    b.change(true);
    await settle();
    expect(watch.holders(vip)).toEqual(['b']);
    // By another clock than before the boot, which is no error.
    clock.ms = 1_060_000;
    const again = host('a', 900_000, () => clock.ms);
    again.tick('192.168.160.136', vip);
    await watch.rejoin(again.port);
    expect(watch.holders(vip)).toEqual(['a', 'b']);
    expect(watch.events(vip).at(-1)).toMatchObject({ host: 'a', held: true, at: 1_060_000 });
    expect(watch.clockErrorMs()).toBe(0);
    // From now on it is missed again.
    again.end(new HaupError('CONNECTION_LOST', 'gone again', { host: 'a' }));
    await settle();
    expect(() => watch.holders(vip)).toThrow('gone again');
    await watch[Symbol.asyncDispose]();
  });

  test('a watch that ends by itself or breaks is an error from then on', async () => {
    const ended = await pair();
    ended.a.end('end');
    await settle();
    expect(() => ended.watch.holders(vip)).toThrow(HaupError);
    const broken = await pair();
    broken.b.end(new HaupError('CONNECTION_LOST', 'gone', { host: 'b' }));
    await settle();
    expect(() => broken.watch.holders(vip)).toThrow('gone');
    await Promise.all([ended.watch[Symbol.asyncDispose](), broken.watch[Symbol.asyncDispose]()]);
  });

  test('a host that cannot be watched, and a signal, end the waiting for the first word', async () => {
    const now = (): number => 0;
    const dead = host('a', 0, now);
    dead.end(new HaupError('COMMAND_FAILED', 'no ip here', { host: 'a' }));
    await expect(
      watchAddresses([dead.port], { now, limitSeconds: 1 }, AbortSignal.timeout(5000)),
    ).rejects.toThrow('no ip here');
    const silent = host('a', 0, now);
    await expect(
      watchAddresses([silent.port], { now, limitSeconds: 1 }, AbortSignal.timeout(50)),
    ).rejects.toThrow();
  });
});
