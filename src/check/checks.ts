/** What is right and wrong with a set of hosts, from their facts alone. Pure. */

import type { HostName, Inventory, Service, Vip } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import { services } from '../model/domain.ts';
import { isDrained, otherUnit } from '../cluster/ability.ts';
import { expectedHolder, type FactsByHost, holders } from '../cluster/cluster-state.ts';
import { faults } from '../model/fault.ts';
import type { Finding } from '../model/plan.ts';

/** Clocks further apart than this make logs and timelines hard to read together. */
const clockSkewMs = 5000;

/** Seconds. Three times that is longer than most pauses of a virtual machine. */
const steadyAdvert = 0.3;

/** In the place of systemd's ActiveState: nginx runs, and does not answer. */
export const unresponsive = 'unresponsive';

export function judge(inventory: Inventory, facts: FactsByHost, gatheredAtMs: number): readonly Finding[] {
  const findings: Finding[] = [];
  for (const { name } of inventory.hosts) {
    if (!facts.has(name)) continue;
    const have = facts.get(name) ?? null;
    if (have === null)
      findings.push({ check: 'reachable', level: 'fail', host: name, message: 'cannot be reached' });
    else findings.push(...judgeHost(inventory, have, gatheredAtMs));
  }
  for (const vip of inventory.vips)
    if (vip.members.some(({ host }) => facts.has(host))) findings.push(...judgeVip(vip, facts));
  findings.push(...clones(facts));
  return findings;
}

function judgeVip(vip: Vip, facts: FactsByHost): readonly Finding[] {
  const address = vip.address.address;
  const held = holders(vip, facts);
  const expected = expectedHolder(vip, facts);
  const [holder] = held;
  if (held.length > 1) {
    return [
      {
        check: 'one-holder',
        level: 'fail',
        vip: address,
        message: `${held.join(' and ')} hold it at once (split brain)`,
        hint: `VRRP adverts do not pass between them: look for a firewall that drops IP protocol 112, and for differing VRIDs, passwords or versions.`,
      },
    ];
  }
  // With --limit nothing is known of the others, and any of them may hold it.
  if (holder === undefined && vip.members.some(({ host }) => !facts.has(host))) return [];
  if (holder === undefined) {
    const all = vip.members.every(({ host }) => facts.get(host) !== null);
    return [
      {
        check: 'one-holder',
        level: 'fail',
        vip: address,
        message: all ? 'no host holds it' : 'no host that was reached holds it',
        hint:
          expected === null
            ? 'No member has both daemons running: haup service start, or haup apply.'
            : `journalctl -u keepalived on ${expected} says why it does not take it.`,
      },
    ];
  }
  if (expected !== null && holder !== expected) {
    return [
      {
        check: 'one-holder',
        level: 'warn',
        vip: address,
        host: holder,
        message: `held by ${holder}; ${expected} comes before it and is able`,
        hint: 'It should move back within a few adverts; if it stays, look at the health check on that host.',
      },
    ];
  }
  return [
    { check: 'one-holder', level: 'ok', vip: address, host: holder, message: `held by ${holder} alone` },
  ];
}

function judgeHost(inventory: Inventory, have: HostFacts, gatheredAtMs: number): readonly Finding[] {
  const findings: Finding[] = [];
  const host = have.host;
  for (const service of services) findings.push(judgeService(inventory, have, service));
  if (have.drill !== null) {
    findings.push({
      check: 'drained',
      level: 'warn',
      host,
      message: `the drill ${have.drill} of haup verify is running there, or was interrupted: ${faults[have.drill]}`,
      hint: 'The drill ends that; if it was interrupted, a timer on the host does, or the next haup that changes it.',
    });
  }
  if (isDrained(have) && have.drill !== 'drain') {
    findings.push({
      check: 'drained',
      level: 'warn',
      host,
      message: 'is drained and takes no VIP',
      hint: `haup failback ${host} ends that.`,
    });
  }
  const shortest = Math.min(
    ...inventory.vips.flatMap(({ members, advertInt }) =>
      members.some((member) => member.host === host) ? [advertInt] : [],
    ),
  );
  if (inventory.vrrp.profile === 'fast' && have.virtual === true && shortest < steadyAdvert) {
    findings.push({
      check: 'timers',
      level: 'warn',
      host,
      message: `is a virtual machine: a pause of ${(3 * shortest).toFixed(2)} s moves its VIPs, with adverts every ${shortest} s`,
      hint: `Write vrrp.advert_int: ${steadyAdvert} if its hypervisor pauses it for longer, for a snapshot or a migration.`,
    });
  }
  if (have.unread.length > 0) {
    findings.push({
      check: 'services',
      level: 'warn',
      host,
      message: `${have.unread.join(' and ')} has not read its new files: an apply was cut off`,
      hint: 'haup apply finishes it.',
    });
  }
  if (Math.abs(have.clockMs - gatheredAtMs) > clockSkewMs) {
    const skew = Math.round((have.clockMs - gatheredAtMs) / 1000);
    findings.push({
      check: 'reachable',
      level: 'warn',
      host,
      message: `its clock is ${Math.abs(skew)} s ${skew > 0 ? 'ahead of' : 'behind'} this machine's`,
      hint: 'Let chrony or systemd-timesyncd set it.',
    });
  }
  return findings;
}

function judgeService(inventory: Inventory, have: HostFacts, service: Service): Finding {
  const is = have.services[service];
  const host = have.host;
  const other = otherUnit(have, service);
  if (is.active !== 'active' && other !== null)
    return { check: 'services', level: 'ok', host, message: `${service} runs by ${other}` };
  if (is.active !== 'active') {
    return {
      check: 'services',
      level: 'fail',
      host,
      message: is.load === 'not-found' ? `${service} is not installed` : `${service} is ${is.active}`,
      hint:
        is.load === 'not-found'
          ? 'haup apply installs it.'
          : is.active === unresponsive
            ? `It runs but does not answer: haup service restart ${service} --limit ${host}.`
            : `haup service start ${service} --limit ${host}; journalctl -u ${service} says why it stopped.`,
    };
  }
  const version = have.software[service]?.version;
  const wanted = inventory[service];
  if (wanted.from === 'source' && version !== undefined && version !== wanted.version) {
    return {
      check: 'versions',
      level: 'warn',
      host,
      message: `${service} is ${version}, the inventory wants ${wanted.version}`,
      hint: 'haup plan shows what differs.',
    };
  }
  return {
    check: 'services',
    level: 'ok',
    host,
    message: `${service} ${version ?? ''} is active`.replace('  ', ' '),
  };
}

/** Cloned machines share an id, and then DHCP leases and journals too. */
function clones(facts: FactsByHost): readonly Finding[] {
  const byId = new Map<string, HostName[]>();
  for (const have of facts.values()) {
    if (have !== null && have.machineId !== '')
      byId.set(have.machineId, [...(byId.get(have.machineId) ?? []), have.host]);
  }
  return [...byId.values()].flatMap((hosts): Finding[] =>
    hosts.length < 2
      ? []
      : [
          {
            check: 'reachable',
            level: 'warn',
            message: `${hosts.join(' and ')} have the same /etc/machine-id`,
            hint: 'They are clones, or one machine under two names: remove /etc/machine-id on one and run systemd-machine-id-setup.',
          },
        ],
  );
}
