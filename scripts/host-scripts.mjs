// The modules `haup:scripts` and `haup:lab-scripts`: every file of templates/scripts and templates/lab without comments and
// blank lines, and what its header declares (`# Arguments: …`, `# Needs: …`). For the bundler and for the test runner alike.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const directories = {
  'haup:scripts': new URL('../templates/scripts/', import.meta.url),
  'haup:lab-scripts': new URL('../templates/lab/', import.meta.url),
};

const words = (text, key) =>
  [...text.matchAll(new RegExp(`^# ${key}: (.*)$`, 'gm'))].flatMap(([, list]) => list.split(' '));

export function hostScripts() {
  return {
    name: 'haup:scripts',
    resolveId: (id) => (id in directories ? `\0${id}` : null),
    load(id) {
      const directory = id.startsWith('\0') ? directories[id.slice(1)] : undefined;
      if (directory === undefined) return null;
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
      return `export const scripts = ${JSON.stringify(Object.fromEntries(scripts))};`;
    },
  };
}
