import type { Context } from '../app/command-context.ts';
import type { GlobalOptions } from '../app/options.ts';
import { exitCodes } from '../model/errors.ts';
import { parseCommandLine } from './commands.ts';
import { makeContext } from './context.ts';

/** Runs one command line; resolves to the exit code. The only place where an error becomes text. */
export async function main(proc: NodeJS.Process): Promise<number> {
  let options: Partial<GlobalOptions> = {};
  let context: Context | null = null;
  let exit: number = exitCodes.ok;
  try {
    const ended = await parseCommandLine(proc, async (given, run) => {
      options = given;
      const made = makeContext(proc, colorWish(given));
      context = made;
      exit = await run(made);
    });
    if (ended === 'refused') return exitCodes.usage;
    const unread = (context as Context | null)?.isRead() === false;
    return unread && exit === exitCodes.ok ? exitCodes.interrupted : exit;
  } catch (error) {
    const where = context ?? makeContext(proc, colorWish(options));
    const { reportError } = await import('./report-error.ts');
    return reportError(where, error, { json: options.json === true, debug: options.debug === true });
  }
}

const colorWish = (options: Partial<GlobalOptions>): { readonly flag: 'auto' | 'always' | 'never' } => ({
  flag: options.color === false ? 'never' : (options.color ?? 'auto'),
});
