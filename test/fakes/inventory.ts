import { accept } from '../../src/inventory/accept.ts';
import { draftOf, readDraft, type ReadOptions } from '../../src/inventory/read.ts';
import { validate } from '../../src/inventory/validate.ts';
import type { Inventory } from '../../src/model/domain.ts';

/** As src/inventory/load.ts reads a text, at once. */
export function readInventory(text: string, file: string, options: ReadOptions): Inventory {
  const draft = draftOf(text, file, options.overlay);
  return readDraft(draft, accept(draft.value) ?? validate(draft.value), options);
}
