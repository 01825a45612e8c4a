/**
 * What a drill does to a host, and how it is undone by whoever comes first: the drill itself, a timer on the host, a
 * boot, or the next owner of the host's lock. A record on the host tells what a drill did from what an operator did;
 * without it there is nothing to undo, so that no late undo reverts an operator's decision.
 */

import type { Action } from '../model/action.ts';
import type { DeadMan, Fault } from '../model/fault.ts';
import { drainedBy, drainFile } from '../model/layout.ts';
import type { RemoteJob } from './remote-job.ts';
import { hostScript } from '../base/host-script.ts';

const minute = 60_000;

export const setDrain = (number: number): RemoteJob => ({
  script: hostScript('set-drain', { number }),
  timeoutMs: minute,
  failure: 'COMMAND_FAILED',
  what: `writing ${drainFile}`,
});

export const breakOnPurpose = ({ fault, deadMan }: Extract<Action, { readonly do: 'break' }>): RemoteJob => ({
  script: hostScript('break-host', {
    ...namesOf(fault, deadMan),
    seconds: deadMan.seconds,
    drain: drainedBy.operator,
    undo: undo(fault, deadMan),
  }),
  timeoutMs: minute,
  failure: 'DRILL_FAILED',
  what: `breaking on purpose (${fault.kind})`,
});

export const restore = ({ fault, deadMan }: Extract<Action, { readonly do: 'restore' }>): RemoteJob => ({
  script: hostScript('restore-host', { unit: deadMan.unit, undo: undo(fault, deadMan) }),
  timeoutMs: minute,
  failure: 'DRILL_FAILED',
  what: `restoring after a drill (${fault.kind})`,
});

export const endDrill = (): RemoteJob => ({
  script: hostScript('end-drill'),
  timeoutMs: 2 * minute,
  failure: 'DRILL_FAILED',
  what: 'ending a drill that was cut off',
});

const namesOf = (fault: Fault, { unit }: DeadMan) => ({
  kind: fault.kind,
  unit,
  service: fault.kind === 'stop' ? fault.service : '',
});

/** On one line: old versions of systemd would lose the others at a reload. */
const undo = (fault: Fault, deadMan: DeadMan): string =>
  hostScript('undo-drill', namesOf(fault, deadMan)).trimEnd().replaceAll('\n', '; ');
