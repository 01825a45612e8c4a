import { expect, test } from 'vitest';
import { type StatusLook, watchStatus } from '../../src/app/watch-status.ts';
import { HaupError } from '../../src/model/errors.ts';
import type { Host } from '../../src/model/host.ts';
import type { StatusChange } from '../../src/model/status-shape.ts';
import { given } from '../fakes/context.ts';
import { exampleText } from '../fakes/example.ts';
import { waitFor } from '../wait-for.ts';
import { type Context } from '../../src/app/command-context.ts';

const vip = '192.168.160.161';
const whole = [
  'begin\tsystemctl',
  ...['keepalived', 'nginx'].flatMap((name) => [
    `Id=${name}.service`,
    'LoadState=loaded',
    'ActiveState=active',
    '',
  ]),
  'end\tsystemctl',
  'files\t0',
  '444 root:root 0 1700000000',
  'end\n',
].join('\n');
const nano = (ms: number): string => `${ms}000000`;
const tick = (...addresses: string[]): string =>
  `tick ${nano(Date.now())} ${nano(Date.now())} 1.00 1.00 ${addresses.join(' ')}`.trim();
const change = (held: boolean): string =>
  `[${new Date().toISOString().replace('Z', '000')}] ${held ? '' : 'Deleted '}2: ens33    inet ${vip}/32 scope global ens33`;

/** A host whose stream says what it is told to; `end` breaks it off. */
function streaming(name: string) {
  let lines: string[] = [];
  let broken: HaupError | null = null;
  let wake = (): void => undefined;
  let answers = [whole];
  const host = {
    name,
    read: async () => Buffer.from(answers.length > 1 ? (answers.shift() ?? '') : (answers[0] ?? '')),
    watch: async function* (_: unknown, signal: AbortSignal) {
      signal.addEventListener('abort', () => wake());
      while (!signal.aborted) {
        if (broken !== null) {
          const error = broken;
          [broken, lines] = [null, []];
          throw error;
        }
        const line = lines.shift();
        if (line !== undefined) yield line;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  } as unknown as Host;
  return {
    host,
    say: (...said: readonly string[]) => {
      lines.push(...said);
      wake();
    },
    end: (error: HaupError) => {
      broken = error;
      wake();
    },
    answer: (...texts: readonly string[]) => void (answers = [...texts, whole]),
  };
}

function watching(reach: (name: string) => Host) {
  const over = new AbortController();
  const looks: StatusLook[] = [];
  const context = {
    env: {},
    cwd: '/',
    signal: over.signal,
    now: Date.now,
    err: () => undefined,
    readStdin: async () => exampleText,
    reach: async ({ name }: { name: string }) => ({
      host: reach(name),
      [Symbol.asyncDispose]: async () => undefined,
    }),
  } as unknown as Context;
  const ended = watchStatus(context, '-', given, (look) => looks.push(look));
  return {
    last: () => looks.at(-1),
    changes: (): readonly StatusChange[] => looks.flatMap(({ changes }) => changes),
    end: () => {
      over.abort();
      return ended;
    },
  };
}

test('holders at once, a move when it has settled, and a lost host until it is back', async () => {
  const [a, b] = [streaming('keep_136'), streaming('keep_137')];
  const watch = watching((name) => (name === 'keep_136' ? a : b).host);
  // Files changed whenever the facts were read: they are asked for again.
  a.answer('files\t1\n', 'files\t1\n', 'files\t1\n');
  a.say(tick(vip), 'state 0 x');
  b.say(tick(), 'state 0 x');
  await waitFor(() => expect(watch.last()?.waiting).toEqual(['keep_136']));
  expect(watch.changes()).toEqual([]);
  a.say('state 0 x');
  await waitFor(() => expect(watch.last()?.report.vips[0]?.holders).toEqual(['keep_136']));
  a.say(change(false));
  b.say(change(true));
  await waitFor(() =>
    expect(watch.changes()).toContainEqual({
      type: 'holders',
      vip,
      holders: ['keep_137'],
      before: expect.any(Array) as string[],
    }),
  );
  expect(watch.changes().filter(({ type }) => type === 'move')).toEqual([]);
  await waitFor(() =>
    expect(watch.changes()).toContainEqual(
      expect.objectContaining({ type: 'move', vip, from: 'keep_136', to: 'keep_137' }),
    ),
  );
  b.end(new HaupError('CONNECTION_LOST', 'gone', { host: 'keep_137' }));
  await waitFor(() => expect(watch.last()?.report.hosts[1]?.reachable).toBe(false));
  expect(watch.last()?.report.vips[0]?.holders).toEqual([]);
  b.say(tick(vip), 'state 28 x');
  await waitFor(() => expect(watch.last()?.report.vips[0]?.holders).toEqual(['keep_137']));
  await waitFor(() => expect(watch.last()?.report.hosts[1]?.nginx?.state).toBe('unresponsive'));
  expect(await watch.end()).toEqual([]);
});

test('hosts that refuse the login are not tried again: with no other host the watch ends', async () => {
  let tries = 0;
  const watch = watching((name) => {
    tries += 1;
    throw new HaupError('AUTH_REFUSED', 'no', { host: name });
  });
  await waitFor(() =>
    expect(watch.last()?.report.hosts.map(({ reachable }) => reachable)).toEqual([false, false]),
  );
  expect((await watch.end()).map(({ code }) => code)).toEqual(['AUTH_REFUSED', 'AUTH_REFUSED']);
  expect(tries).toBe(2);
});
