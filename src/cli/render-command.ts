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
  const { output } = options;
  const written = output === undefined ? null : await writeTree(resolve(context.cwd, output), output, files);
  if (options.json === true) {
    const { printJson } = await import('../report/json.ts');
    const shown = files.map((file, index) => {
      const { host, path: where, owner, text } = file;
      const more = written === null ? {} : { written: written[index] };
      return { host, path: where, mode: modeOf(file), owner, text, ...more };
    });
    printJson(context.out, { version: 1, files: shown }, 'pretty');
  } else if (written !== null) {
    for (const target of written) context.out(`${target}\n`);
  } else {
    const texts = files.map(
      (file) => `==> ${file.host} ${file.path} (${modeOf(file)} ${file.owner}) <==\n${file.text}`,
    );
    context.out(texts.join('\n'));
  }
  return exitCodes.ok;
}

const modeOf = ({ mode }: RenderedFile): string => mode.toString(8).padStart(4, '0');

/** Resolves to the path of each file. */
async function writeTree(
  root: string,
  given: string,
  files: readonly RenderedFile[],
): Promise<readonly string[]> {
  const targets = files.map((file) => join(root, file.host, file.path));
  for (const [index, file] of files.entries()) {
    const target = targets[index] ?? root;
    try {
      await mkdir(dirname(target), { recursive: true });
      // A secret is never readable by others, and never written through an existing link.
      await writeWhole(target, file.bytes);
      await chmod(target, file.secret ? 0o600 : file.mode);
    } catch (error) {
      const { unwritable } = await import('../app/output-obstacle.ts');
      throw unwritable('--output', given, error, dirname(target));
    }
  }
  return targets;
}
