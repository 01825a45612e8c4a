import { chmod, mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Context } from '../app/command-context.ts';
import type { GlobalOptions } from '../app/options.ts';
import { type RenderedFile, renderFiles } from '../app/render-files.ts';
import { writeWhole } from '../base/own-file.ts';
import { exitCodes } from '../model/errors.ts';

export interface RenderOptions extends GlobalOptions {
  /** The directory to write to. */
  readonly output?: string;
}

/** `haup render`: prints or writes the files that apply would install. Only a tree on disk shows secrets. */
export async function render(
  context: Context,
  path: string | undefined,
  options: RenderOptions,
): Promise<number> {
  const { files, assumed } = await renderFiles(context, path, options);
  for (const assumption of assumed) context.err(`assumed ${assumption}\n`);
  if (options.output !== undefined) {
    await writeTree(context, resolve(context.cwd, options.output), files);
  } else if (options.json === true) {
    const { printJson } = await import('../report/json.ts');
    const shown = files.map((file) => {
      const { host, path: where, owner, text } = file;
      return { host, path: where, mode: modeOf(file), owner, text };
    });
    printJson(context.out, { version: 1, files: shown }, 'pretty');
  } else {
    const texts = files.map(
      (file) => `==> ${file.host} ${file.path} (${modeOf(file)} ${file.owner}) <==\n${file.text}`,
    );
    context.out(texts.join('\n'));
  }
  return exitCodes.ok;
}

const modeOf = ({ mode }: RenderedFile): string => mode.toString(8).padStart(4, '0');

async function writeTree(context: Context, root: string, files: readonly RenderedFile[]): Promise<void> {
  for (const file of files) {
    const target = join(root, file.host, file.path);
    await mkdir(dirname(target), { recursive: true });
    // A secret is never readable by others, and never written through an existing link.
    await writeWhole(target, file.bytes);
    await chmod(target, file.secret ? 0o600 : file.mode);
    context.out(`${target}\n`);
  }
}
