/**
 * What each command loads before it does anything, counted: a library or a room that slips into the start of every
 * command costs everybody, and no other test notices.
 */

import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { scratchDirectory } from './scratch.ts';

const root = join(import.meta.dirname, '..');
const scratch = scratchDirectory();

const hook = join(scratch, 'hook.cjs');
writeFileSync(
  hook,
  `const { appendFileSync } = require('node:fs');
const extensions = require('node:module')._extensions;
const load = extensions['.js'];
extensions['.js'] = (module, filename) => {
  appendFileSync(process.env.HAUP_LOADS, filename + '\\n');
  return load(module, filename);
};
`,
);
// Nothing listens on port 1 of the loopback: every command that connects ends there.
const inventory = join(scratch, 'inventory.yaml');
writeFileSync(
  inventory,
  JSON.stringify({
    hosts: {
      a: { address: '127.0.0.1', interface: 'lo', ssh: { port: 1 } },
      b: { address: '127.0.0.2', interface: 'lo', ssh: { port: 1 } },
    },
    vips: [{ address: '192.0.2.100', hosts: ['a', 'b'] }],
    keepalived: { version: '2.2.8' },
    nginx: { version: '1.28.0' },
  }),
);

interface Loaded {
  readonly status: number | null;
  /** Files that Node read. */
  readonly files: number;
  /** Names of the packages that came with them. */
  readonly libraries: readonly string[];
  /** Folders of src. */
  readonly rooms: readonly string[];
}

function loadedBy(args: readonly string[]): Loaded {
  const list = join(scratch, 'loads');
  writeFileSync(list, '');
  const { status } = spawnSync(process.execPath, ['--require', hook, join(root, 'dist/bin.js'), ...args], {
    env: {
      ...process.env,
      HAUP_LOADS: list,
      HAUP_SSH_CONFIG: '/dev/null',
      HAUP_OVERLAY: '',
      HOME: scratch,
      // What comes from compiled code is loaded all the same, only not by Node.
      NODE_DISABLE_COMPILE_CACHE: '1',
    },
    input: '',
  });
  const files = readFileSync(list, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const sources = files.flatMap((file) => (file.startsWith(join(root, 'dist/')) ? sourcesOf(file) : [file]));
  const named = (pattern: RegExp): readonly string[] =>
    [...new Set(sources.flatMap((source) => pattern.exec(source)?.[1] ?? []))].sort();
  return {
    status,
    files: files.length,
    libraries: named(/node_modules\/((?:@[^/]+\/)?[^/]+)\//),
    rooms: named(/(?:^|\/)src\/([^/]+)\//),
  };
}

/** A chunk is made of these, as its source map says; one that only passes names on has none. */
function sourcesOf(file: string): readonly string[] {
  if (!existsSync(`${file}.map`)) return [];
  const map = JSON.parse(readFileSync(`${file}.map`, 'utf8')) as { readonly sources: readonly string[] };
  return map.sources;
}

/** node-ssh, and what it brings. */
const ssh = [
  'asn1',
  'bcrypt-pbkdf',
  'cpu-features',
  'is-stream',
  'make-dir',
  'node-ssh',
  'safer-buffer',
  'sb-promise-queue',
  'sb-scandir',
  'semver',
  'shell-escape',
  'ssh2',
  'tweetnacl',
] as const;
const start = ['base', 'cli', 'lab', 'launch', 'model'] as const;
const hosts = ['app', 'check', 'cluster', 'desired', 'facts', 'inventory', 'nginx', 'report', 'ssh'] as const;

test.each([
  { args: ['--version'], status: 0, files: 1, libraries: [], rooms: ['cli', 'launch'] },
  { args: ['--help'], status: 0, files: 6, libraries: ['commander'], rooms: start },
  {
    args: ['render', inventory],
    status: 0,
    files: 17,
    libraries: ['commander', 'handlebars', 'yaml'],
    rooms: [...start, 'app', 'cluster', 'desired', 'inventory', 'nginx'],
  },
  {
    args: ['status', inventory],
    status: 4,
    files: 36,
    libraries: ['commander', ...ssh, 'yaml'],
    rooms: [...start, ...hosts],
  },
  {
    args: ['plan', inventory],
    status: 4,
    files: 45,
    libraries: ['commander', 'handlebars', ...ssh, 'yaml'],
    rooms: [...start, ...hosts, 'measure', 'plan', 'run'],
  },
  {
    args: ['apply', inventory, '--yes'],
    status: 4,
    files: 48,
    libraries: ['commander', 'handlebars', ...ssh, 'yaml'],
    rooms: [...start, ...hosts, 'measure', 'plan', 'run'],
  },
  {
    args: ['verify', inventory, '--yes'],
    status: 4,
    files: 39,
    libraries: ['commander', ...ssh, 'yaml'],
    rooms: [...start, ...hosts, 'drill', 'measure', 'move'],
  },
] as const)('haup $args.0 loads no more than it needs', ({ args, files, libraries, rooms, ...rest }) => {
  const loaded = loadedBy(args);
  expect({ status: loaded.status, libraries: loaded.libraries, rooms: loaded.rooms }).toEqual({
    ...rest,
    libraries: [...libraries].sort(),
    rooms: [...rooms].sort(),
  });
  // What connects then reports an error, in a few files more or less; what does not has exactly these.
  expect(loaded.files).toBeLessThanOrEqual(files);
});

test('haup render loads next to nothing of Node', () => {
  const list = join(scratch, 'builtins');
  const record = join(scratch, 'record.cjs');
  writeFileSync(
    record,
    `process.once('exit', () => require('node:fs').writeFileSync(${JSON.stringify(list)}, process.moduleLoadList.join('\\n')));`,
  );
  const { status } = spawnSync(
    process.execPath,
    ['--require', record, join(root, 'dist/bin.js'), 'render', inventory],
    { env: { ...process.env, NODE_OPTIONS: '', HAUP_OVERLAY: '', XDG_CACHE_HOME: scratch } },
  );
  const loaded = readFileSync(list, 'utf8').split('\n');
  expect(status).toBe(0);
  expect(loaded).toContain('NativeModule vm');
  for (const name of ['child_process', 'crypto', 'fs/promises', 'net', 'os', 'stream', 'timers/promises'])
    expect(loaded).not.toContain(`NativeModule ${name}`);
});

test('a build can be run by a link that was there before it', () => {
  expect(statSync(join(root, 'dist/bin.js')).mode & 0o111).toBe(0o111);
});
