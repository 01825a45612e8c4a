/**
 * What a drill does to a host, and how it is undone by whoever comes first: the drill, a timer on the host, a boot, or
 * the next owner of the host's lock. A record on the host tells what a drill did from what an operator did: without it
 * there is nothing to undo, so no late undo reverts an operator's decision.
 */

import type { Action } from '../model/action.ts';
import type { DeadMan, Fault } from '../model/fault.ts';
import { drainedBy, drainFile } from '../model/layout.ts';
import { minute, type RemoteJob } from './remote-job.ts';
import { hostScript } from '../base/host-script.ts';

const noFirewall = 79;

export const setDrain = (number: number): RemoteJob => ({
  script: hostScript('set-drain', { number }),
  timeoutMs: minute,
  failure: 'COMMAND_FAILED',
  what: `writing ${drainFile}`,
});

export const breakOnPurpose = ({ fault, deadMan }: Extract<Action, { readonly do: 'break' }>): RemoteJob => ({
  script: hostScript('break-host', {
    kind: fault.kind,
    timer: deadMan.unit,
    seconds: deadMan.seconds,
    device: fault.kind === 'link' ? fault.interface : '',
    drain: drainedBy.operator,
    undo: undo(fault, deadMan),
  }),
  timeoutMs: minute,
  failure: 'DRILL_FAILED',
  meaning: {
    [noFirewall]: {
      code: 'DRILL_FAILED',
      message: 'The host has neither nft nor iptables to drop adverts with.',
      hint: 'Nothing was broken. Install nftables there, or leave this drill out.',
    },
  },
  what: `injecting the fault ${fault.kind}`,
});

export const restore = ({ fault, deadMan }: Extract<Action, { readonly do: 'restore' }>): RemoteJob => ({
  script: hostScript('restore-host', { timer: deadMan.unit, undo: undo(fault, deadMan) }),
  timeoutMs: minute,
  failure: 'DRILL_FAILED',
  what: `restoring after the drill ${fault.kind}`,
});

export const endDrill = (): RemoteJob => ({
  script: hostScript('end-drill'),
  timeoutMs: 2 * minute,
  failure: 'DRILL_FAILED',
  what: 'ending an interrupted drill',
});

const undo = ({ kind }: Fault, { unit }: DeadMan): string => hostScript('undo-drill', { kind, timer: unit });
