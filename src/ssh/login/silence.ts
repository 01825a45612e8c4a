/** How it is noticed that a host has gone without a word: its cable pulled, its power cut. */

import type { Duplex } from 'node:stream';

/** How long a host may be silent. A drill that cuts links on purpose waits longer. */
export const usualSilenceMs = 10_000;

/**
 * How often a host is asked for an answer, which ssh2 does. Three of these in a row without a byte from it, and perhaps
 * most of a fourth before, are the whole time.
 */
export const askEveryMs = (silenceMs: number): number => silenceMs / 4;

/**
 * Calls `lost` when nothing comes from the host. Any byte is a sign of life: behind an upload over a slow line, ssh2's
 * own question waits too long. Beats are counted, not time: a pause of this machine is one beat.
 */
export function watchSilence(socket: Duplex, silenceMs: number, lost: () => void): () => void {
  let beats = 0;
  socket.on('data', () => {
    beats = 0;
  });
  const timer = setInterval(() => {
    beats += 1;
    // The first beat may follow the last byte at once.
    if (beats < 4) return;
    clearInterval(timer);
    lost();
  }, askEveryMs(silenceMs));
  return () => clearInterval(timer);
}
