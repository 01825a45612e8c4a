// A module that has no file: its text is made out of a directory of src, for the bundler and for the test runner alike.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** `make` resolves to the text, and runs again when a file of the directory changes. */
export function madeModule(name, directory, make) {
  return {
    name,
    resolveId: (id) => (id === name ? `\0${name}` : null),
    async load(id) {
      if (id !== `\0${name}`) return null;
      for (const file of readdirSync(directory)) this.addWatchFile(join(directory, file));
      return make();
    },
  };
}
