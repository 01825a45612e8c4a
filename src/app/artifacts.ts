import type { Tarball } from '../model/desired.ts';
import { type PackStore, packStore } from '../run/pack-store.ts';
import type { Store } from '../ssh/remote-job.ts';
import { packDirectory } from './cache-directory.ts';
import type { Context } from './command-context.ts';

/** What a run pushes to hosts: downloaded tarballs, and builds that were made or kept. */
export interface Artifacts {
  readonly tarballs: Map<string, Uint8Array>;
  readonly packs: PackStore;
  readonly store: Store;
}

export function makeArtifacts(context: Context): Artifacts {
  const tarballs = new Map<string, Uint8Array>();
  const packs = packStore(packDirectory(context));
  const tarball = ({ name, sha256 }: Tarball): Uint8Array => {
    const bytes = tarballs.get(sha256);
    if (bytes === undefined) throw new Error(`${name} was not downloaded before it was needed`);
    return bytes;
  };
  return { tarballs, packs, store: { tarball, pack: packs.bytes } };
}
