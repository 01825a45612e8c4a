import type { FileWant } from '../model/desired.ts';

/** A file of root's. */
export const fileWant = (path: string, bytes: Uint8Array, mode: number, secret = false): FileWant => ({
  path,
  bytes,
  mode,
  owner: 'root:root',
  secret,
});
