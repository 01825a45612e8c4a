// The module `haup:scripts`: every file of templates/scripts, without its comments. For the bundler and for the test
// runner alike.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const name = 'haup:scripts';
const directory = new URL('../templates/scripts/', import.meta.url);

export function hostScripts() {
  return {
    name,
    resolveId: (id) => (id === name ? `\0${name}` : null),
    load(id) {
      if (id !== `\0${name}`) return null;
      const texts = readdirSync(directory)
        .filter((file) => file.endsWith('.sh'))
        .map((file) => {
          const place = fileURLToPath(new URL(file, directory));
          this.addWatchFile(place);
          const text = readFileSync(place, 'utf8').replace(/^[ \t]*#.*\n/gm, '');
          return `${JSON.stringify(file.slice(0, -'.sh'.length))}: ${JSON.stringify(text)}`;
        });
      return `export const texts = {${texts.join(',\n')}};`;
    },
  };
}
