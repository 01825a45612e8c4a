/** Loads the program: files of CommonJS that require each other by their names, from compiled code where there is any. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { cacheFile, type Compiled, readCompiled, writeCompiled } from './code-cache.ts';

/**
 * What `file` exports. `key` names the program's files and the Node that compiles them.
 */
export function loadProgram(file: string, key: string, proc: NodeJS.Process): unknown {
  const me = proc.geteuid?.() ?? -1;
  const cached = cacheFile(commandOf(proc.argv), key, proc.env, me);
  const plain = createRequire(file);
  // Node maps the places of what it loads itself.
  if (cached === null || proc.sourceMapsEnabled) return plain(file);
  const compiled = readCompiled(cached, key, me);
  const { require, scripts } = requireCompiled(dirname(file), plain, compiled);
  proc.once('exit', (code) => {
    if (code !== 0 && code !== 3) return;
    const fresh = [...scripts].some(
      ([name, script]) => script.cachedDataRejected === true || !compiled.has(name),
    );
    if (!fresh) return;
    // What this run has not loaded is kept as it was.
    const all = new Map([...compiled].filter(([name]) => !scripts.has(name)));
    for (const [name, script] of scripts) all.set(name, script.createCachedData());
    writeCompiled(cached, key, all, me);
  });
  return require(file);
}

/** A cache for each command holds the functions that it calls. */
const commandOf = ([, , first = 'help']: readonly string[]): string =>
  /^[a-z]{1,20}$/.test(first) ? first : 'help';

interface Module {
  exports: unknown;
}
type Run = (
  exports: unknown,
  require: (id: string) => unknown,
  module: Module,
  filename: string,
  directory: string,
) => void;

function requireCompiled(
  directory: string,
  plain: NodeJS.Require,
  compiled: Compiled,
): { readonly require: (id: string) => unknown; readonly scripts: ReadonlyMap<string, Script> } {
  const scripts = new Map<string, Script>();
  const modules = new Map<string, Module>();
  const require = (id: string): unknown => {
    if (!id.startsWith('.') && !id.startsWith('/')) return slow.has(id) ? whenUsed(id, plain) : plain(id);
    const filename = join(directory, id.slice(id.lastIndexOf('/') + 1));
    const known = modules.get(filename);
    if (known !== undefined) return known.exports;
    const module: Module = { exports: {} };
    modules.set(filename, module);
    const name = filename.slice(directory.length + 1);
    const cachedData = compiled.get(name);
    const text = `(function (exports, require, module, __filename, __dirname) { ${readFileSync(filename, 'utf8')}\n})`;
    const script = new Script(text, { filename, ...(cachedData === undefined ? {} : { cachedData }) });
    scripts.set(name, script);
    (script.runInThisContext() as Run)(module.exports, require, module, filename, directory);
    return module.exports;
  };
  return { require, scripts };
}

/** Node's modules that take a millisecond or more to load, and that many commands need for nothing. */
const slow: ReadonlySet<string> = new Set(
  ['child_process', 'crypto', 'fs/promises', 'net', 'os', 'readline/promises', 'timers/promises'].map(
    (name) => `node:${name}`,
  ),
);

/** Loads the module when something of it is used. */
function whenUsed(id: string, plain: NodeJS.Require): unknown {
  let loaded: object | undefined;
  const module = (): object => (loaded ??= plain(id) as object);
  return new Proxy(
    {},
    {
      get: (_, key) => Reflect.get(module(), key) as unknown,
      has: (_, key) => Reflect.has(module(), key),
      ownKeys: () => Reflect.ownKeys(module()),
      getOwnPropertyDescriptor: (_, key) => Reflect.getOwnPropertyDescriptor(module(), key),
    },
  );
}
