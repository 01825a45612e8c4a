// The module `haup:scripts`: every file of templates/scripts without its comments, and what its header declares
// (`# Arguments: …`, `# Needs: …`). For the bundler and for the test runner alike.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const name = 'haup:scripts';
const directory = new URL('../templates/scripts/', import.meta.url);

const words = (text, key) =>
  [...text.matchAll(new RegExp(`^# ${key}: (.*)$`, 'gm'))].flatMap(([, list]) => list.split(' '));

export function hostScripts() {
  return {
    name,
    resolveId: (id) => (id === name ? `\0${name}` : null),
    load(id) {
      if (id !== `\0${name}`) return null;
      const scripts = readdirSync(directory)
        .filter((file) => file.endsWith('.sh'))
        .map((file) => {
          const place = fileURLToPath(new URL(file, directory));
          this.addWatchFile(place);
          const text = readFileSync(place, 'utf8');
          return [
            file.slice(0, -'.sh'.length),
            {
              takes: words(text, 'Arguments'),
              needs: words(text, 'Needs'),
              text: text.replace(/^[ \t]*#.*\n/gm, ''),
            },
          ];
        });
      return `export const scripts = ${JSON.stringify(Object.fromEntries(scripts))};`;
    },
  };
}
