import { sha256 } from '../base/digest.ts';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { assertOwnDirectory, readOwn, writeOwn } from '../base/own-file.ts';
import type { Pack } from '../model/action.ts';
import type { BuildRecipe } from '../model/desired.ts';
import type { HostName } from '../model/domain.ts';
import { type ErrorDetails, HaupError } from '../model/errors.ts';
import { strays } from './pack-strays.ts';

/** Finished builds on their way from the host that made them to the others, kept for the next time. */
export interface PackStore {
  /** The bytes of a build that is ready. */
  readonly bytes: (pack: Pack) => Uint8Array;
  /** Waits until a build is ready: from the cache, or from the host that makes it. */
  readonly ready: (wanted: Wanted, signal: AbortSignal) => Promise<void>;
  /** INSTALL_FAILED for one that would put files where its build has none: no host gets it. */
  readonly put: (made: Wanted, bytes: Uint8Array, host: HostName) => Promise<void>;
  /** The host that was to make it failed: no host waits for it any longer. */
  readonly fail: (pack: Pack, error: unknown) => void;
}

interface Wanted {
  readonly pack: Pack;
  readonly recipe: BuildRecipe;
}

/** Keys of the builds in the cache; empty when there is no cache yet. One directory read. */
export async function cachedPacks(directory: string): Promise<ReadonlySet<string>> {
  await assertOwnDirectory(directory, what);
  const names = await readdir(directory).catch(() => []);
  // The digest is the file's second name: a pack without it was not finished.
  return new Set(names.flatMap((name) => /^([0-9a-f]{64})\.[0-9a-f]{64}\.tar\.gz$/.exec(name)?.[1] ?? []));
}

/** For messages. */
const what = 'the store of finished builds';

export function packStore(directory: string): PackStore {
  const here = new Map<string, Uint8Array>();
  const waiting = new Map<
    string,
    { readonly promise: Promise<void>; readonly settle: (error?: unknown) => void }
  >();
  const arrival = (key: string) => {
    const known = waiting.get(key);
    if (known !== undefined) return known;
    let settle: (error?: unknown) => void = () => undefined;
    const promise = new Promise<void>((resolve, reject) => {
      settle = (error) => (error === undefined ? resolve() : reject(error));
    });
    promise.catch(() => undefined);
    const made = { promise, settle };
    waiting.set(key, made);
    return made;
  };
  return {
    bytes: ({ key }) => {
      const bytes = here.get(key);
      if (bytes === undefined) throw new Error(`build ${key} is pushed before it is ready`);
      return bytes;
    },
    ready: async ({ pack: { key }, recipe }, signal) => {
      if (here.has(key)) return;
      const kept = await fromCache(directory, key);
      if (kept !== null) {
        refuseStrays(kept, recipe, `that this machine keeps in ${directory}`, {
          hint: `Remove ${join(directory, `${key}.*`)} and run haup apply again to build it again.`,
        });
        here.set(key, kept);
        return;
      }
      await untilAborted(arrival(key).promise, signal);
    },
    put: async ({ pack: { key }, recipe }, bytes, host) => {
      refuseStrays(bytes, recipe, 'that it made', {
        host,
        hint: `Nothing of it was installed. If the file is part of your build, give it a place below ${recipe.prefix} in ${recipe.software}.configure; if not, check that host before you go on.`,
      });
      here.set(key, bytes);
      arrival(key).settle();
      await writeOwn(directory, `${key}.${sha256(bytes)}.tar.gz`, bytes);
    },
    fail: ({ key }, error) => arrival(key).settle(error),
  };
}

function refuseStrays(bytes: Uint8Array, recipe: BuildRecipe, whose: string, details: ErrorDetails): void {
  const wrong = strays(bytes, recipe);
  if (wrong === null) return;
  const { software, version } = recipe;
  throw new HaupError(
    'INSTALL_FAILED',
    `The build of ${software} ${version} ${whose} is not used: ${wrong}.`,
    details,
  );
}

async function fromCache(directory: string, key: string): Promise<Uint8Array | null> {
  const names = await readdir(directory).catch(() => []);
  const name = names.find((one) => one.startsWith(`${key}.`) && one.endsWith('.tar.gz'));
  if (name === undefined) return null;
  const bytes = await readOwn(join(directory, name), what);
  if (name === `${key}.${sha256(bytes)}.tar.gz`) return bytes;
  throw new HaupError(
    'CHECKSUM_MISMATCH',
    `The build that this machine keeps in ${join(directory, name)} is damaged.`,
    {
      hint: 'Remove that file and run haup apply again to build it again.',
    },
  );
}

function untilAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
