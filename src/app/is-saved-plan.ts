import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Context } from './command-context.ts';

/** Whether the file is a saved plan, sound or not; false for an inventory or no file. Costs one read of 64 bytes. */
export async function isSavedPlan(context: Pick<Context, 'cwd'>, path: string): Promise<boolean> {
  if (path === '-') return false;
  const file = await open(resolve(context.cwd, path)).catch(() => null);
  // Reading it as an inventory reports what is wrong.
  if (file === null) return false;
  const begin = await (async (): Promise<string> => {
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } catch {
      return '';
    } finally {
      await file.close();
    }
  })();
  const { looksSaved } = await import('../plan/looks-saved.ts');
  return looksSaved(begin);
}
