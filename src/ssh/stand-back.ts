/** Daemons that haup did not put on the host: made to give way, ended, and brought back. */

import type { Action } from '../model/action.ts';
import { hostScript } from '../base/host-script.ts';
import { minute, type RemoteJob } from './remote-job.ts';

type Of<Verb extends Action['do']> = Extract<Action, { readonly do: Verb }>;

const enablement = (enabled: boolean): string => (enabled ? 'enabled' : 'disabled');

export const standBack = ({ unit, entry, bytes }: Of<'stand-back'>): RemoteJob => ({
  script: hostScript('stand-back', { unit, entry, size: bytes.length }),
  stdin: bytes,
  timeoutMs: minute,
  failure: 'COMMAND_FAILED',
  what: 'lowering the priority of a keepalived',
});

export const standUp = ({ unit }: Of<'stand-up'>): RemoteJob => ({
  script: hostScript('stand-up', { unit }),
  timeoutMs: minute,
  failure: 'SERVICE_FAILED',
  what: `reloading ${unit}`,
});

export const retire = ({ service, unit, enabled }: Of<'retire'>): RemoteJob => ({
  script: hostScript('retire', { service, unit, enabled: enablement(enabled) }),
  timeoutMs: 2 * minute,
  failure: 'SERVICE_FAILED',
  what: `stopping ${unit}`,
});

export const revive = ({ service, unit, enabled }: Of<'revive'>): RemoteJob => ({
  script: hostScript('revive', { service, unit, enabled: enablement(enabled) }),
  timeoutMs: 2 * minute,
  failure: 'SERVICE_FAILED',
  what: `starting ${unit}`,
});

export const disown = ({ service, files }: Of<'disown'>): RemoteJob => ({
  script: hostScript('disown', { service }, files),
  timeoutMs: minute,
  failure: 'COMMAND_FAILED',
  what: `leaving ${service} to its owner`,
});
