/** Users that daemons run as, with a group of their name, as sh. What was there before haup stays. */

import { hostScript } from '../base/host-script.ts';
import type { RemoteJob } from './remote-job.ts';

export const createUser = (name: string): RemoteJob => ({
  script: hostScript('create-user', { user: name }),
  timeoutMs: 60_000,
  failure: 'COMMAND_FAILED',
  what: `useradd ${name}`,
});

export const removeUser = (name: string): RemoteJob => ({
  script: hostScript('remove-user', { user: name }),
  timeoutMs: 60_000,
  failure: 'COMMAND_FAILED',
  what: `userdel ${name}`,
});
