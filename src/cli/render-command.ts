import { chmod, mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { writeWhole } from '../base/own-file.ts';
import type { DesiredHost, FileWant } from '../model/desired.ts';
import { exitCodes } from '../model/errors.ts';
import type { Context } from '../app/command-context.ts';
import { limited, openInventory } from '../app/open-inventory.ts';
import type { GlobalOptions } from '../app/options.ts';

export interface RenderOptions extends GlobalOptions {
  /** The directory to write to. */
  readonly output?: string;
}

/** `haup render`: the files that apply would install, from the inventory alone. Only a tree on disk shows secrets. */
export async function render(
  context: Context,
  path: string | undefined,
  options: RenderOptions,
): Promise<number> {
  const [{ desire }, { assumedFacts, assumptions }, { loadRender }] = await Promise.all([
    import('../desired/desire.ts'),
    import('../desired/assume.ts'),
    import('../desired/load-render.ts'),
  ]);
  const inventory = await openInventory(context, path);
  const names = limited(inventory, options.limit);
  const desired = desire(inventory, assumedFacts(inventory), await loadRender()).filter(({ host }) =>
    names.includes(host),
  );
  for (const assumption of assumptions(inventory)) context.err(`assumed ${assumption}\n`);
  if (options.output === undefined) await print(context, desired, options.json === true);
  else await writeTree(context, resolve(context.cwd, options.output), desired);
  return exitCodes.ok;
}

const filesOf = ({ resources }: DesiredHost): readonly FileWant[] =>
  resources.flatMap((one) => (one.kind === 'config' ? one.set.files : one.kind === 'unit' ? [one.file] : []));

async function print(context: Context, desired: readonly DesiredHost[], json: boolean): Promise<void> {
  const { shownText } = await import('../desired/shown-text.ts');
  const files = desired.flatMap((host) => filesOf(host).map((file) => ({ host: host.host, file })));
  if (json) {
    const { printJson } = await import('../report/json.ts');
    const document = {
      version: 1,
      files: files.map(({ host, file }) => ({
        host,
        path: file.path,
        mode: file.mode.toString(8).padStart(4, '0'),
        owner: file.owner,
        text: shownText(file),
      })),
    };
    printJson(context.out, document, 'pretty');
    return;
  }
  const texts = files.map(
    ({ host, file }) =>
      `==> ${host} ${file.path} (${file.mode.toString(8).padStart(4, '0')} ${file.owner}) <==\n${shownText(file)}`,
  );
  context.out(texts.join('\n'));
}

async function writeTree(context: Context, root: string, desired: readonly DesiredHost[]): Promise<void> {
  for (const host of desired) {
    for (const file of filesOf(host)) {
      const target = join(root, host.host, file.path);
      await mkdir(dirname(target), { recursive: true });
      const mode = file.secret ? 0o600 : file.mode;
      // A secret is never readable by others, and never written through an existing link.
      await writeWhole(target, file.bytes);
      await chmod(target, mode);
      context.out(`${target}\n`);
    }
  }
}
