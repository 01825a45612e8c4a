/**
 * Action → sh: the one place where a verb with data becomes a command. Values reach the script only
 * through `quote`; bytes and secrets travel on stdin, never in a command line.
 */

import type { Tarball } from '../model/desired.ts';
import type { ErrorCode } from '../model/errors.ts';
import { drainedBy, drainFile, stateDirectory } from '../model/layout.ts';
import type { Action, Pack } from '../model/action.ts';
import { announce } from './announce.ts';
import { build, configure, fetchTarball, upload } from './builds.ts';
import { breakOnPurpose, endDrill, restore, writeDrain } from './drills.ts';
import { entrust, withdraw } from './entrust.ts';
import { setFirewall } from './firewall.ts';
import { keepState, restoreBuild } from './history.ts';
import { usualLockWait } from './package-lock.ts';
import { removePackages } from './package-removal.ts';
import { install } from './packages.ts';
import { packBuild, placeBuild } from './packs.ts';
import { forget, removeBuild } from './removal.ts';
import { registered } from './registered.ts';
import { reloadTogether, service } from './services.ts';
import { quote } from './shell.ts';
import { disown, retire, revive, standBack, standUp } from './strangers.ts';
import { createUser, removeUser } from './users.ts';
import { stream, swap } from './write-set.ts';

/** A script to run as root, with the error that a non-zero exit means. */
export interface Job {
  readonly script: string;
  readonly stdin?: Uint8Array;
  readonly timeoutMs: number;
  /** Ended on the host too when it is interrupted: a build that nobody waits for. */
  readonly lifeline?: boolean;
  readonly failure: ErrorCode;
  /** What exit statuses of its own mean. */
  readonly meaning?: Readonly<Record<number, Meaning>>;
  /** What failed, in words: `./configure of keepalived 2.2.7`. */
  readonly what: string;
}

export interface Meaning {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

export type PlainAction = Exclude<Action, { readonly do: 'write' }>;

const minute = 60_000;

/** What the operator's machine has ready: bytes, and patience. */
export interface Store {
  readonly tarball: (wanted: Tarball) => Uint8Array;
  readonly pack: (wanted: Pack) => Uint8Array;
  /** Seconds that another package run is waited for. */
  readonly lockWait?: number;
}

export function toJob(action: PlainAction, store: Store): Job {
  const { lockWait = usualLockWait } = store;
  switch (action.do) {
    case 'install':
      return install(action.manager, action.names, lockWait);
    case 'create-user':
      return createUser(action.name);
    case 'upload':
      return upload(action.tarball, store.tarball(action.tarball));
    case 'fetch':
      return fetchTarball(action.tarball);
    case 'configure':
      return configure(action.recipe, action.needs ?? []);
    case 'make':
    case 'clean-build':
      return build(action.do, action.recipe);
    case 'pack-build':
      return packBuild(action.recipe, action.pack);
    case 'place-build':
      return placeBuild(action, store.pack(action.pack), lockWait);
    case 'keep-state':
      return keepState(action);
    case 'restore-build':
      return restoreBuild(action);
    case 'write-unit':
      return {
        script: `set -e\nmkdir -p ${quote(stateDirectory)}\n${swap([action.file])}\n${registered([action.file])}`,
        stdin: stream([action.file]),
        timeoutMs: minute,
        failure: 'COMMAND_FAILED',
        what: `writing ${action.file.path}`,
      };
    case 'put-files':
      return {
        script: `set -e\n${swap(action.files)}\nempty_directories\n${registered(action.files)}`,
        stdin: stream(action.files),
        timeoutMs: minute,
        failure: 'COMMAND_FAILED',
        what: `writing ${action.files.map(({ path }) => path).join(', ')}`,
      };
    case 'remove-packages':
      return removePackages(action, lockWait);
    case 'remove-build':
      return removeBuild(action.service, action.prefix);
    case 'remove-user':
      return removeUser(action.name);
    case 'firewall':
      return setFirewall(action);
    case 'forget':
      return forget();
    case 'service':
      return service(action);
    case 'reload-together':
      return reloadTogether(action.service, action.atMs ?? 0);
    case 'announce':
      return announce(action);
    case 'entrust':
      return entrust(action);
    case 'withdraw':
      return withdraw();
    case 'stand-back':
      return standBack(action);
    case 'stand-up':
      return standUp(action);
    case 'retire':
      return retire(action);
    case 'revive':
      return revive(action);
    case 'disown':
      return disown(action);
    case 'drain':
    case 'undrain':
      return {
        script: writeDrain(action.do === 'drain' ? drainedBy[action.by ?? 'operator'] : 0),
        timeoutMs: minute,
        failure: 'COMMAND_FAILED',
        what: `writing ${drainFile}`,
      };
    case 'break':
      return breakOnPurpose(action);
    case 'restore':
      return restore(action);
    case 'end-drill':
      return endDrill();
  }
}
