import type { Context } from '../app/command-context.ts';
import type { GlobalOptions } from '../app/options.ts';
import { exitCodes, HaupError } from '../model/errors.ts';
import { parseCommandLine } from './commands.ts';
import { makeContext } from './context.ts';

/** Runs one command line; resolves to the exit code. The only place where an error becomes text. */
export async function main(proc: NodeJS.Process): Promise<number> {
  let options: Partial<GlobalOptions> = {};
  let context: Context | null = null;
  let exit: number = exitCodes.ok;
  // Only one of the two is made: what writes also watches whether it is read.
  let plain: Context | null = null;
  const said = (): Context => (plain ??= makeContext(proc, { flag: 'never' }));
  try {
    const parsed = await parseCommandLine(
      proc,
      async (given, run) => {
        options = given;
        const made = makeContext(proc, colorWish(given));
        context = made;
        exit = await run(made);
      },
      said,
    );
    if (typeof parsed === 'object') return await refuse(said(), parsed.refused, proc.argv);
    const unread = (context as Context | null)?.isRead() === false;
    return unread && exit === exitCodes.ok ? exitCodes.interrupted : exit;
  } catch (error) {
    const where = context ?? makeContext(proc, colorWish(options));
    const { reportError } = await import('./report-error.ts');
    return reportError(where, error, { json: options.json === true, debug: options.debug === true });
  }
}

/** The text is on stderr already. */
async function refuse({ out }: Context, message: string, argv: readonly string[]): Promise<number> {
  if (argv.includes('--json')) {
    const { errorData, printJson } = await import('../report/json.ts');
    printJson(out, { version: 1, ok: false, error: errorData(new HaupError('USAGE', message)) }, 'line');
  }
  return exitCodes.usage;
}

const colorWish = (options: Partial<GlobalOptions>): { readonly flag: 'auto' | 'always' | 'never' } => ({
  flag: options.color === false ? 'never' : (options.color ?? 'auto'),
});
