/**
 * What a drill does to a host, and how it is undone by whoever comes first: the drill itself, a timer on the host when
 * nobody else does, a boot, or the next owner of the host's lock. A record on the host tells what a drill did from what
 * an operator did; without it there is nothing to undo, so that no late undo takes back somebody's decision.
 */

import type { Action } from '../model/action.ts';
import type { DeadMan, Fault } from '../model/fault.ts';
import {
  drainedBy,
  drainFile,
  drillAtBoot,
  drillRecord,
  leftDrill,
  stateDirectory,
} from '../model/layout.ts';
import type { RemoteJob } from './remote-job.ts';
import { quote } from '../base/quote.ts';

const minute = 60_000;

export const writeDrain = (value: number): string =>
  `mkdir -p ${stateDirectory} && printf '%s\\n' ${value} > ${drainFile}.haup-new && sync ${drainFile}.haup-new && mv -f ${drainFile}.haup-new ${drainFile}`;

export function breakOnPurpose({ fault, deadMan }: Extract<Action, { readonly do: 'break' }>): RemoteJob {
  const record = `printf '%s\\n' ${quote(`${fault.kind} ${deadMan.unit}`)} > ${drillRecord}.new && mv -f ${drillRecord}.new ${drillRecord}`;
  const doing =
    fault.kind === 'stop'
      ? `systemctl stop ${fault.service}.service`
      : `${undoneByBoot} && ${writeDrain(drainedBy.operator)}`;
  return {
    script: `${record} && ${arm(fault, deadMan)} && ${doing}`,
    timeoutMs: minute,
    failure: 'DRILL_FAILED',
    what: `breaking on purpose (${fault.kind})`,
  };
}

/** The dead man is disarmed only after the host is whole again. */
export const restore = ({ fault, deadMan }: Extract<Action, { readonly do: 'restore' }>): RemoteJob => ({
  script: `( ${mending(fault, deadMan)} ) && ${disarm(deadMan)}`,
  timeoutMs: minute,
  failure: 'DRILL_FAILED',
  what: `restoring after a drill (${fault.kind})`,
});

/** For whoever has the lock now: the drill's own haup is gone, or has had the lock taken away. */
export const endDrill = (): RemoteJob => ({
  script: `systemctl stop 'haup-stop-*.timer' 'haup-stop-*.service' 'haup-drain-*.timer' 'haup-drain-*.service' 2>/dev/null
drill=$(${leftDrill})
rm -f ${drillRecord}
case $drill in
  stop) systemctl start keepalived.service ;;
  drain) ${writeDrain(0)} && rm -f ${drillAtBoot} ;;
esac`,
  timeoutMs: 2 * minute,
  failure: 'DRILL_FAILED',
  what: 'ending a drill that was cut off',
});

/** A drain outlives a boot, the timer does not: systemd-tmpfiles takes the drain away before daemons start. */
const undoneByBoot = `mkdir -p ${drillAtBoot.replace(/\/[^/]*$/, '')} && printf '%s\\n' '# A drill of haup verify has drained this host: a boot ends that.' 'r! ${drainFile}' 'r! ${drillAtBoot}' > ${drillAtBoot}.new && sync ${drillAtBoot}.new && mv -f ${drillAtBoot}.new ${drillAtBoot}`;

const arm = (fault: Fault, deadMan: DeadMan): string =>
  `systemd-run --quiet --unit=${quote(deadMan.unit)} --on-active=${deadMan.seconds} --timer-property=AccuracySec=1s /bin/sh -c ${quote(mending(fault, deadMan))}`;

const disarm = (deadMan: DeadMan): string =>
  `{ systemctl stop ${quote(`${deadMan.unit}.timer`)} 2>/dev/null; systemctl reset-failed ${quote(`${deadMan.unit}.service`)} 2>/dev/null; true; }`;

/** Nothing where the record is not of this drill any more. */
function mending(fault: Fault, { unit }: DeadMan): string {
  const undoing = fault.kind === 'stop' ? `systemctl start ${fault.service}.service` : writeDrain(0);
  return `grep -qsFx ${quote(`${fault.kind} ${unit}`)} ${drillRecord} || exit 0; ${undoing} && rm -f ${drillAtBoot} ${drillRecord}`;
}
