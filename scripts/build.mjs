// `npm run build`: one bundle in dist/, split where commands load what they need; then the JSON Schema for editors.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { hostScripts } from './host-scripts.mjs';
import { pageLibrary, reportPage } from './report-page.mjs';
import { templates } from './templates.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');

rmSync(dist, { recursive: true, force: true });
const bundle = await rolldown({
  cwd: root,
  input: {
    bin: 'src/bin.ts',
    'app/sample-thread': 'src/measure/sample-thread.ts',
    'app/pace-thread': 'src/measure/pace-thread.ts',
    'app/connection-thread': 'src/measure/connection-thread.ts',
    'app/schema': 'src/inventory/schema.ts',
    // For clients of their own beside what is tested: test/e2e/probe.mjs.
    'app/sample': 'src/measure/sampler.ts',
    'app/outage': 'src/measure/outage.ts',
    'app/start-errors': 'src/measure/start-errors.ts',
  },
  platform: 'node',
  preserveEntrySignatures: 'allow-extension',
  // Brings WebAssembly and optional binaries that are found beside its files.
  external: ['node-ssh'],
  plugins: [templates(), hostScripts(), reportPage(), licences()],
  transform: { target: 'node20.19' },
  // A warning fails the build, and that a machine is slow is none.
  checks: { pluginTimings: false },
  onLog: (level, log, handler) => {
    // That a slow machine is slow is no fault of the sources.
    if (log.code === 'PLUGIN_TIMINGS') return;
    if (level === 'warn') throw new Error(log.message);
    handler(level, log);
  },
});
// Two levels below the root like the sources, so that a path relative to a file is the same in both.
await bundle.write({
  dir: dist,
  format: 'esm',
  sourcemap: true,
  minify: true,
  entryFileNames: '[name].js',
  chunkFileNames: 'app/[name].js',
  // A file each for what most commands load together: reading many small ones takes longer than compiling a few.
  codeSplitting: {
    includeDependenciesRecursively: false,
    groups: [
      { name: 'scripts', test: /haup:scripts|\/src\/base\/host-script/ },
      { name: 'core', test: /\/src\/(?:base|model)\// },
      { name: 'inventory', test: /\/src\/(?:inventory|cluster|nginx)\/|node_modules\/(?:yaml|zod)\// },
      { name: 'desired', test: /\/src\/desired\// },
      { name: 'hosts', test: /\/src\/(?:facts|ssh)\/|\/src\/app\/reach-host/ },
      { name: 'plan', test: /\/src\/plan\// },
      { name: 'run', test: /\/src\/run\// },
      { name: 'check', test: /\/src\/check\// },
      { name: 'session', test: /\/src\/app\/(?:with-hosts|connect)/ },
      { name: 'decision', test: /\/src\/app\/(?:decide-apply|print-plan|print-findings|cache-directory)/ },
      { name: 'change', test: /\/src\/app\/(?:change-hosts|artifacts|take-over|outcome|targets)/ },
      { name: 'measure', test: /\/src\/measure\/(?!sample-thread|pace-thread|connection-thread)/ },
      { name: 'move', test: /\/src\/(?:move|drill)\// },
    ],
  },
});
await bundle.close();

const { inventoryJsonSchema } = await import(pathToFileURL(join(dist, 'app/schema.js')).href);
writeFileSync(join(dist, 'inventory.schema.json'), `${JSON.stringify(inventoryJsonSchema(), null, 2)}\n`);

/** The licences of what is bundled go with it. */
function licences() {
  const packages = new Set([pageLibrary]);
  return {
    name: 'haup:licences',
    moduleParsed({ id }) {
      const path = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0];
      if (path !== undefined) packages.add(path);
    },
    generateBundle() {
      const texts = [...packages].sort().map((path) => {
        const about = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
        const head = `${about.name} ${about.version}, ${about.license}`;
        const text = licenceOf(path);
        return text === null ? head : `${head}\n\n${text}`;
      });
      this.emitFile({ type: 'asset', fileName: 'LICENSES.txt', source: texts.join('\n\n----\n\n') });
    },
  };
}

function licenceOf(path) {
  for (const name of ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'license', 'LICENCE']) {
    try {
      return readFileSync(join(path, name), 'utf8').trim();
    } catch {}
  }
  return null;
}
