/**
 * Action → sh: the one place where a verb with data becomes a command. Values reach the script only
 * through `quote`; bytes and secrets travel on stdin, never in a command line.
 */

import { drainedBy } from '../model/layout.ts';
import type { Action } from '../model/action.ts';
import type { RemoteJob, Store } from './remote-job.ts';
import { announce } from './announce.ts';
import { build, configure, fetchTarball, upload } from './builds/build-steps.ts';
import { breakOnPurpose, endDrill, restore, setDrain } from './drill-actions.ts';
import { entrust, withdraw } from './entrust.ts';
import { setFirewall } from './firewall/set-firewall.ts';
import { beginGrace, endGrace } from './grace-actions.ts';
import { keepState, restoreBuild } from './keep-state.ts';
import { usualLockWait } from './packages/package-lock.ts';
import { removePackages } from './packages/package-removal.ts';
import { install } from './packages/install-packages.ts';
import { packBuild, placeBuild } from './builds/pack-build.ts';
import { forget, removeBuild } from './builds/remove-build.ts';
import { reloadTogether, service } from './service-actions.ts';
import { disown, retire, revive, standBack, standUp } from './stand-back.ts';
import { createUser, removeUser } from './users.ts';
import { putFiles, writeSet, writeUnit } from './write-set.ts';

export function toJob(action: Action, store: Store): RemoteJob {
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
    case 'write':
      return writeSet(action);
    case 'write-unit':
      return writeUnit(action);
    case 'put-files':
      return putFiles(action);
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
      return setDrain(drainedBy[action.by ?? 'operator']);
    case 'undrain':
      return setDrain(0);
    case 'grace-answer':
    case 'grace-forward':
      return beginGrace(action);
    case 'grace-end':
      return endGrace(action);
    case 'break':
      return breakOnPurpose(action);
    case 'restore':
      return restore(action);
    case 'end-drill':
      return endDrill();
  }
}
