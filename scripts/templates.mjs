// The module `haup:templates`: every file of templates/, compiled. For the bundler and for the test runner alike.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import handlebars from 'handlebars';

const name = 'haup:templates';
const directory = new URL('../templates/', import.meta.url);

export function templates() {
  return {
    name,
    resolveId: (id) => (id === name ? `\0${name}` : null),
    load(id) {
      if (id !== `\0${name}`) return null;
      const specs = readdirSync(directory)
        .filter((file) => file.endsWith('.hbs'))
        .map((file) => {
          const place = fileURLToPath(new URL(file, directory));
          this.addWatchFile(place);
          const text = readFileSync(place, 'utf8');
          const spec = handlebars.precompile(text, { noEscape: true, strict: true, srcName: undefined });
          return `${JSON.stringify(file.slice(0, -'.hbs'.length))}: ${spec}`;
        });
      return `export const specs = {${specs.join(',\n')}};`;
    },
  };
}
