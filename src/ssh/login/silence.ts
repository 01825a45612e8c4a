/** Notices a host that has gone silent: its cable was pulled, its power cut. */

import type { Duplex } from 'node:stream';

/** How long a host may be silent. Drills that cut links on purpose allow more. */
export const usualSilenceMs = 10_000;

/**
 * How often ssh2 asks a host for an answer. Three intervals without a byte from it, and up to one more before them, add
 * up to `silenceMs`.
 */
export const askEveryMs = (silenceMs: number): number => silenceMs / 4;

/**
 * Calls `lost` when nothing comes from the host. Any byte counts as life: behind an upload over a slow line, ssh2's own
 * question waits too long. It counts beats, not time, so a pause of this machine is one beat.
 */
export function watchSilence(socket: Duplex, silenceMs: number, lost: () => void): () => void {
  let beats = 0;
  socket.on('data', () => {
    beats = 0;
  });
  const timer = setInterval(() => {
    beats += 1;
    // The first beat may come right after the last byte.
    if (beats < 4) return;
    clearInterval(timer);
    lost();
  }, askEveryMs(silenceMs));
  return () => clearInterval(timer);
}
