// The module `haup:report-page`: the script and the style sheet of the HTML report, each one text to be put into the
// page.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { madeModule, root } from './made-module.mjs';

const directory = join(root, 'src/page');

/** The library that the page carries; its licence goes with it. */
export const pageLibrary = join(root, 'node_modules/uplot');

export const reportPage = () =>
  madeModule('haup:report-page', directory, async () => {
    const style = [join(pageLibrary, 'dist/uPlot.min.css'), join(directory, 'report.css')].map((path) =>
      readFileSync(path, 'utf8')
        .replaceAll(/\/\*[^]*?\*\//g, '')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    );
    return `export const script = ${JSON.stringify(await script())};\nexport const style = ${JSON.stringify(style.join('\n'))};`;
  });

async function script() {
  const bundle = await rolldown({
    cwd: root,
    input: 'src/page/report-charts.ts',
    platform: 'browser',
    transform: { target: 'es2022' },
    onLog: (level, log, handler) => {
      if (level === 'warn') throw new Error(log.message);
      handler(level, log);
    },
  });
  const { output } = await bundle.generate({ format: 'iife', minify: true, comments: false });
  await bundle.close();
  // In a page nothing may end its script early.
  return output[0].code.replaceAll('</', '<\\/').replaceAll('<!--', '<\\!--').trim();
}
