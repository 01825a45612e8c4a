import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'vitest';
import { hangMs } from '../limits.ts';
import { mainLab, root } from './haup.ts';
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

/** Asks the VIPs of a lab 200 times a second while `work` runs; gives what was seen of each. */
export async function probed(
  vips: readonly string[],
  work: () => Promise<void>,
  limitSeconds = Math.round(hangMs(120_000) / 1000),
  lab = mainLab,
): Promise<Readonly<Record<string, Seen>>> {
  const command = [process.execPath, join(root, 'test/e2e/probe.mjs'), String(limitSeconds), ...vips];
  const bin = join(root, 'dist/bin.js');
  const child = spawn(process.execPath, [bin, 'lab', 'exec', '--name', lab, '--', ...command], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let said = '';
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
      if (said.includes('ready\n')) resolve();
    });
    void closed.then(() => reject(new Error(`the probe ended at once: ${said}`)));
  });
  try {
    await work();
  } finally {
    child.stdin.end();
    await closed;
  }
  return JSON.parse(said.split('\n')[1] ?? '') as Record<string, Seen>;
}
