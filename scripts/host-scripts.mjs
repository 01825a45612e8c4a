// The module `haup:scripts`: every file of templates/scripts without comments and blank lines, and what its header declares
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
              text: text.replace(/^[ \t]*(#.*)?\n/gm, ''),
            },
          ];
        });
      // A function each: what V8 keeps of a command has only the scripts that the command sends.
      const entries = scripts.map(
        ([file, script]) => `${JSON.stringify(file)}: () => (${JSON.stringify(script)})`,
      );
      return `export const scripts = {${entries.join(',\n')}};`;
    },
  };
}
