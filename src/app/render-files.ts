import type { FileWant } from '../model/desired.ts';
import type { HostName } from '../model/domain.ts';
import type { Context } from './command-context.ts';
import { limited, openInventory } from './open-inventory.ts';
import type { GlobalOptions } from './options.ts';

export interface RenderedFile extends FileWant {
  readonly host: HostName;
  /** The text as it may be shown, with secrets masked. */
  readonly text: string;
}

export interface RenderedFiles {
  readonly files: readonly RenderedFile[];
  /** What only a host could tell, one sentence each. */
  readonly assumed: readonly string[];
}

/** The files that apply would install, from the inventory alone. */
export async function renderFiles(
  context: Context,
  path: string | undefined,
  options: GlobalOptions,
): Promise<RenderedFiles> {
  const [{ desire }, { assumedFacts, assumptions }, { loadRender }, { shownText }] = await Promise.all([
    import('../desired/desire.ts'),
    import('../desired/assume.ts'),
    import('../desired/load-render.ts'),
    import('../desired/shown-text.ts'),
  ]);
  const inventory = await openInventory(context, path);
  const names = limited(inventory, options.limit);
  const desired = desire(inventory, assumedFacts(inventory), await loadRender());
  const files = desired
    .filter(({ host }) => names.includes(host))
    .flatMap(({ host, resources }) =>
      resources
        .flatMap((one) => (one.kind === 'config' ? one.set.files : one.kind === 'unit' ? [one.file] : []))
        .map((file) => ({ ...file, host, text: shownText(file) })),
    );
  return { files, assumed: assumptions(inventory) };
}
