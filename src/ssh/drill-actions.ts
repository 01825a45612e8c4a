/**
 * What a drill does to a host, and how it is undone by whoever comes first: the drill, a timer on the host, a boot, or
 * the next owner of the host's lock. A record on the host tells what a drill did from what an operator did: without it
 * there is nothing to undo, so no late undo reverts an operator's decision.
 */

import type { Action } from '../model/action.ts';
import type { DeadMan, DrillName, Fault } from '../model/fault.ts';
import { drainedBy, drainFile, drillAtBoot, drillRecord, stateDirectory } from '../model/layout.ts';
import type { RemoteJob } from './remote-job.ts';
import { hostScript } from '../base/host-script.ts';
import { quote } from '../base/quote.ts';

const minute = 60_000;

const writeDrain = (value: number): string =>
  `mkdir -p ${stateDirectory} && printf '%s\\n' ${value} > ${drainFile}.haup-new && sync ${drainFile}.haup-new && mv -f ${drainFile}.haup-new ${drainFile}`;

export const setDrain = (value: number): RemoteJob => ({
  script: writeDrain(value),
  timeoutMs: minute,
  failure: 'COMMAND_FAILED',
  what: `writing ${drainFile}`,
});

interface FaultCommands {
  readonly break: string;
  /** Also where nothing was broken yet. */
  readonly restore: string;
}

/** A drain outlives a boot, a timer does not: systemd-tmpfiles removes the drain before daemons start. */
const undoneByBoot = `mkdir -p ${drillAtBoot.replace(/\/[^/]*$/, '')} && printf '%s\\n' '# A drill of haup verify has drained this host: a boot ends that.' 'r! ${drainFile}' 'r! ${drillAtBoot}' > ${drillAtBoot}.new && sync ${drillAtBoot}.new && mv -f ${drillAtBoot}.new ${drillAtBoot}`;

/** The interface that was taken down, and what goes with it: arguments of ip. */
const linkState = '/run/haup.drill.link';

/** Drops adverts (IP protocol 112) before any other rule: a table of its own, or where nft is missing iptables. */
const table = 'inet haup_drill';
const blockRule = '-p 112 -m comment --comment haup-drill -j DROP';
const drop = (hook: 'input' | 'output'): string =>
  `if command -v nft >/dev/null; then nft add table ${table} && nft add chain ${table} ${hook} '{ type filter hook ${hook} priority -300; }' && nft add rule ${table} ${hook} meta l4proto 112 drop; else iptables -I ${hook.toUpperCase()} ${blockRule}; fi`;
const letThrough = `if command -v nft >/dev/null; then nft delete table ${table} 2>/dev/null; ! nft list table ${table} >/dev/null 2>&1; else for chain in INPUT OUTPUT; do while iptables -D $chain ${blockRule} 2>/dev/null; do :; done; done; fi`;
const noFirewall = 79;

const commands: Readonly<Record<DrillName, FaultCommands>> = {
  stop: { break: 'systemctl stop keepalived.service', restore: 'systemctl start keepalived.service' },
  drain: {
    break: `${undoneByBoot} && ${writeDrain(drainedBy.operator)}`,
    restore: `${writeDrain(0)} && rm -f ${drillAtBoot}`,
  },
  nginx: {
    // Stopped as well, before systemd restarts it.
    break: 'systemctl kill --signal=KILL nginx.service && systemctl stop nginx.service',
    restore: 'systemctl reset-failed nginx.service 2>/dev/null; systemctl start nginx.service',
  },
  crash: {
    break: 'systemctl kill --signal=KILL keepalived.service',
    restore: 'systemctl start keepalived.service',
  },
  hang: {
    break: 'systemctl kill --signal=STOP nginx.service',
    restore: 'systemctl kill --signal=CONT nginx.service; systemctl start nginx.service',
  },
  link: {
    // By a timer, since this command must end first. Routes and IPv6 addresses go with a link that is down; those of the
    // kernel come back with it.
    break: `systemctl is-active --quiet "$timer.timer" && { echo "$device"; ip -6 -o addr show dev "$device" scope global permanent | while read -r at name family address rest; do echo "-6 addr replace $address dev $device nodad"; done; for v in -4 -6; do ip $v route show dev "$device" | while read -r route; do case $route in *"proto kernel"*) ;; *) echo "$v route replace $route dev $device" ;; esac; done; done; } > ${linkState} && systemd-run --quiet --unit="$timer-cut" --on-active=300ms --timer-property=AccuracySec=1ms ip link set dev "$device" down`,
    restore: `systemctl stop 'haup-drill-link-*-cut.timer' 2>/dev/null; { read -r device && ip link set dev "$device" up && while read -r line; do ip $line; done; } < ${linkState}; rm -f ${linkState}`,
  },
  'vrrp-block': { break: `${drop('input')} && ${drop('output')}`, restore: letThrough },
  'vrrp-block-out': { break: drop('output'), restore: letThrough },
  'vrrp-block-in': { break: drop('input'), restore: letThrough },
};

export function breakOnPurpose({ fault, deadMan }: Extract<Action, { readonly do: 'break' }>): RemoteJob {
  const device = fault.kind === 'link' ? `device=${quote(fault.interface)} ` : '';
  const names = `${device}timer=${quote(deadMan.unit)}`;
  const needs = fault.kind.startsWith('vrrp-block')
    ? `{ command -v nft || command -v iptables || exit ${noFirewall}; } >/dev/null && `
    : '';
  const record = `printf '%s\\n' ${quote(`${fault.kind} ${deadMan.unit}`)} > ${drillRecord}.new && mv -f ${drillRecord}.new ${drillRecord}`;
  return {
    script: `${names}; ${needs}${record} && ${arm(fault, deadMan)} && { ${commands[fault.kind].break}; }`,
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
  };
}

/** The timer is disarmed only after the host is restored. */
export const restore = ({ fault, deadMan }: Extract<Action, { readonly do: 'restore' }>): RemoteJob => ({
  script: `( ${restoring(fault, deadMan)} ) && ${disarm(deadMan)}`,
  timeoutMs: minute,
  failure: 'DRILL_FAILED',
  what: `restoring after the drill ${fault.kind}`,
});

/** For the next owner of the lock: the haup that began the drill is gone, or has lost the lock. */
export const endDrill = (): RemoteJob => ({
  script: `${hostScript('left-drill')}systemctl stop 'haup-drill-*.timer' 'haup-drill-*.service' 2>/dev/null
drill=$(left_drill)
rm -f ${drillRecord}
case $drill in
${Object.entries(commands)
  .map(([name, { restore: does }]) => `  ${name}) ${does} ;;`)
  .join('\n')}
esac`,
  timeoutMs: 2 * minute,
  failure: 'DRILL_FAILED',
  what: 'ending an interrupted drill',
});

const arm = (fault: Fault, deadMan: DeadMan): string =>
  `systemd-run --quiet --unit=${quote(deadMan.unit)} --on-active=${deadMan.seconds} --timer-property=AccuracySec=1s /bin/sh -c ${quote(restoring(fault, deadMan))}`;

const disarm = (deadMan: DeadMan): string =>
  `{ systemctl stop ${quote(`${deadMan.unit}.timer`)} 2>/dev/null; systemctl reset-failed ${quote(`${deadMan.unit}.service`)} 2>/dev/null; true; }`;

/** Does nothing once the record is not of this drill any more. */
const restoring = ({ kind }: Fault, { unit }: DeadMan): string =>
  `grep -qsFx ${quote(`${kind} ${unit}`)} ${drillRecord} || exit 0; { ${commands[kind].restore}; } && rm -f ${drillRecord}`;
