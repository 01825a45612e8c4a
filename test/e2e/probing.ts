import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Sample, outage } from '../../src/measure/outage.ts';
import { hangMs } from '../limits.ts';
import { mainLab, within } from './haup.ts';
import { measured } from './measured.ts';

/** What a client saw of one VIP, in ms and requests. */
export interface Seen {
  /** To a client that does not retry. */
  readonly lost: number;
  readonly total: number;
  /** Of the lost: those that a second connection answered. */
  readonly retried: number;
  /** The rest: nobody answered them. */
  readonly never: number;
  readonly longestGapMs: number;
  /** The longest time in which this machine itself did not get to ask, or the sum of it when that is much. */
  readonly stalledMs: number;
  /** Who answered from when to when, as minutes and seconds, and when nobody did. */
  readonly story: readonly string[];
}

/**
 * Every request was answered, at the second try at the latest, and nearly all at the first: of those that are on their
 * way in the instant of a move one may be cut. `moves`: of all VIPs; an apply that drains each of two hosts makes 4.
 */
export function expectServed(seen: Pick<Seen, 'lost' | 'never' | 'stalledMs'>, moves = 4): void {
  measured(seen.stalledMs, () => {
    expect(seen).toMatchObject({ never: 0 });
    expect(seen.lost).toBeLessThanOrEqual(moves);
  });
}

/** As haup's own sampler has them, which is not what asks here: src/measure/sampler.ts. */
const [intervalMs, timeoutMs] = [5, 900];

/** Asks the VIPs of a lab 200 times a second while `work` runs; gives what was seen of each. */
export async function probed(
  vips: readonly string[],
  work: () => Promise<void>,
  limitSeconds = Math.round(hangMs(120_000) / 1000),
  lab = mainLab,
): Promise<Readonly<Record<string, Seen>>> {
  const probe = join(import.meta.dirname, 'probe.py');
  const python = ['/usr/bin/python3', '-I', '-S', probe];
  const numbers = [intervalMs, timeoutMs, limitSeconds].map(String);
  // Its stdin ends with this process, and it ends then. A session of its own: where the kernel shares the processors
  // between sessions, it does not share the part of haup.
  const child = spawn('nsenter', [...within(lab), ...python, ...numbers, ...vips], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  const said: Buffer[] = [];
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said.push(chunk);
      resolve();
    });
    void closed.then(() => reject(new Error(`the probe ended at once: ${Buffer.concat(said).toString()}`)));
  });
  try {
    await work();
  } finally {
    child.stdin.end();
    await closed;
  }
  const [, offset = '', ...lines] = Buffer.concat(said).toString('utf8').trimEnd().split('\n');
  const samples = vips.map((): Sample[] => []);
  for (const line of lines) {
    const [vip, sample] = read(line);
    samples[vip]?.push(sample);
  }
  return Object.fromEntries(vips.map((vip, at) => [vip, seenOf(samples[at] ?? [], Number(offset))]));
}

/** A line of the probe. */
function read(line: string): readonly [vip: number, sample: Sample] {
  const [vip, sentAt, answeredAt, status, host, retried, error] = line.split(' ');
  const given = (word: string | undefined): string | null =>
    word === undefined || word === '-' ? null : word;
  const number = (word: string | undefined): number | null => (given(word) === null ? null : Number(word));
  return [
    Number(vip),
    {
      sentAt: Number(sentAt),
      answeredAt: number(answeredAt),
      status: number(status),
      host: given(host),
      retried: retried === '1',
      error: given(error),
    },
  ];
}

/** Spans are told on the wall clock, `offsetMs` ahead of the probe's, as whatever else was written down meanwhile is. */
function seenOf(samples: readonly Sample[], offsetMs: number): Seen {
  const { lost, total, retried, longestGapMs, stalledMs, unanswered, answeredBy } = outage(
    samples,
    intervalMs,
  );
  const wall = (ms: number): string => new Date(ms + offsetMs).toISOString().slice(14, 23);
  const spans = [
    ...answeredBy.map(({ host, fromMs, toMs }) => ({ fromMs, toMs, what: `answered by ${host}` })),
    ...unanswered.map(({ fromMs, toMs }) => ({ fromMs, toMs, what: 'lost' })),
  ].toSorted((a, b) => a.fromMs - b.fromMs);
  return {
    lost,
    total,
    retried,
    never: lost - retried,
    longestGapMs,
    stalledMs: stalled(samples, stalledMs),
    story: spans.map(({ fromMs, toMs, what }) => `${wall(fromMs)} to ${wall(toMs)} ${what}`),
  };
}

/** The longest time in which this machine did not ask, or all of that when it is more than a fifth. */
function stalled(samples: readonly Sample[], longest: number): number {
  const times = samples.map(({ sentAt }) => sentAt);
  const spanMs =
    times.reduce((a, b) => Math.max(a, b), 0) -
    times.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const missedMs = spanMs - samples.length * intervalMs;
  return missedMs > spanMs / 5 ? missedMs : longest;
}
