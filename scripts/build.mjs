// `npm run build`: one bundle in dist/, split where commands load what they need; then the JSON Schema for editors.
import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { hostScripts } from './host-scripts.mjs';
import { inventoryTable } from './inventory-table.mjs';
import { pageLibrary, reportPage } from './report-page.mjs';
import { templates } from './templates.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');

rmSync(dist, { recursive: true, force: true });
const common = {
  cwd: root,
  platform: 'node',
  transform: { target: 'node20.19' },
  // A warning fails the build, and that a machine is slow is none.
  checks: { pluginTimings: false },
  onLog: (level, log, handler) => {
    // That a slow machine is slow is no fault of the sources.
    if (log.code === 'PLUGIN_TIMINGS') return;
    if (level === 'warn') throw new Error(log.message);
    handler(level, log);
  },
};
// CommonJS: Node loads it in less time than modules, and V8's compiled code can be kept (src/launch).
const output = { dir: dist, format: 'cjs', sourcemap: true, minify: true };
const bundle = await rolldown({
  ...common,
  input: {
    'app/program': 'src/cli/program.ts',
    'app/sample-thread': 'src/measure/sample-thread.ts',
    'app/pace-thread': 'src/measure/pace-thread.ts',
    'app/connection-thread': 'src/measure/connection-thread.ts',
    'app/schema': 'src/inventory/schema.ts',
    // For clients of their own beside what is tested: bench/sampler.mjs.
    'app/sample': 'src/measure/sampler.ts',
    'app/outage': 'src/measure/outage.ts',
    'app/start-errors': 'src/measure/start-errors.ts',
  },
  preserveEntrySignatures: 'allow-extension',
  // ssh2 tries these and does without: haup brings no native code.
  external: [/\.node$/],
  plugins: [templates(), hostScripts(), inventoryTable(), reportPage(), licences()],
});
// Two levels below the root like the sources, so that a path relative to a file is the same in both.
const { output: files } = await bundle.write({
  ...output,
  entryFileNames: '[name].js',
  chunkFileNames: 'app/[name].js',
  // A file each for what most commands load together: reading many small ones takes longer than compiling a few.
  codeSplitting: {
    includeDependenciesRecursively: false,
    groups: [
      { name: 'scripts', test: /haup:scripts|\/src\/base\/host-script/ },
      { name: 'core', test: /\/src\/(?:base|model)\// },
      // What says what is wrong with an inventory.
      {
        name: 'explain',
        test: /\/src\/inventory\/(?:schema|validate|explain|foreign|meant)\.|node_modules\/zod\//,
      },
      { name: 'inventory', test: /\/src\/(?:inventory|cluster|nginx)\/|haup:inventory|node_modules\/yaml\// },
      { name: 'desired', test: /\/src\/desired\// },
      {
        name: 'ssh',
        test: /node_modules\/(?:node-ssh|ssh2|asn1|safer-buffer|tweetnacl|bcrypt-pbkdf|cpu-features|sb-\w+|sb-promise-queue|is-stream|make-dir|semver|shell-escape)\//,
      },
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
writeFileSync(join(dist, 'package.json'), '{ "type": "commonjs" }\n');

const launcher = await rolldown({
  ...common,
  input: { bin: 'src/bin.ts' },
  transform: {
    ...common.transform,
    define: {
      HAUP_VERSION: JSON.stringify(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version),
      HAUP_DIGEST: JSON.stringify(digestOf(files)),
    },
  },
});
await launcher.write({ ...output, entryFileNames: '[name].js' });
await launcher.close();
// npm makes it a program where it links it: a link that is there already would lead to none after the next build.
chmodSync(join(dist, 'bin.js'), 0o755);

const { inventoryJsonSchema } = createRequire(import.meta.url)(join(dist, 'app/schema.js'));
writeFileSync(join(dist, 'inventory.schema.json'), `${JSON.stringify(inventoryJsonSchema(), null, 2)}\n`);

/** Tells one build from another. */
function digestOf(files) {
  const hash = createHash('sha256');
  for (const { fileName, code } of files) if (code !== undefined) hash.update(`${fileName}\n${code}`);
  return hash.digest('hex').slice(0, 16);
}

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
