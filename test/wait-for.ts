import { vi } from 'vitest';
import { hangMs } from './limits.ts';

/** `vi.waitFor` with a limit for what hangs; its own is a second. */
export const waitFor = <T>(check: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(check, { timeout: hangMs(10_000), interval: 20 });
