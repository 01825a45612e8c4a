/** What a plan was made from: the facts that decide about changes, without those that always move. Pure. */

import { type Service, services } from '../model/domain.ts';
import type { FileFact, HostFacts } from '../model/facts.ts';
import { isDrained } from '../cluster/ability.ts';

/** Plain data: names of what was looked at, each with how it was. */
export type FactsSnapshot = Readonly<Record<string, string>>;

export function snapshot(facts: HostFacts): FactsSnapshot {
  const found: Record<string, string> = {
    'the machine': facts.machineId,
    'the system': `${facts.os.id} ${facts.os.version} ${facts.arch}, ${facts.packageManager ?? 'no package manager'}`,
    'the drain': isDrained(facts) ? 'drained' : 'not drained',
    'the libraries': JSON.stringify(facts.libraries),
    'what daemons have not read yet': facts.unread.toSorted().join(' ') || 'nothing',
  };
  if (facts.firewall !== null) found['the firewall'] = JSON.stringify(facts.firewall);
  for (const [name, version] of Object.entries(facts.packages)) found[`package ${name}`] = version;
  for (const user of facts.users) found[`user ${user}`] = 'there';
  for (const { name, addresses } of facts.interfaces) {
    // There a VIP is for a grace, which ends by itself.
    if (name === 'lo') continue;
    found[`interface ${name}`] = 'there';
    // Others come and go by themselves; these are networks and VIPs.
    for (const address of addresses) if (!address.includes(':')) found[`${address} on ${name}`] = 'there';
  }
  for (const [path, fact] of Object.entries(facts.files)) found[path] = fileText(fact);
  for (const service of services) {
    found[`service ${service}`] = serviceText(facts, service);
    const software = facts.software[service];
    found[service] =
      software === null
        ? 'absent'
        : `${software.version} ${software.stamp ?? 'by hand'} ${software.path} ${software.configure.join(' ')}`;
  }
  return found;
}

const fileText = (fact: FileFact): string =>
  fact.state === 'absent' ? 'absent' : `${fact.sha256} ${fact.mode.toString(8)} ${fact.owner}`;

function serviceText(facts: HostFacts, service: Service): string {
  const { load, active, enabled, unit, needsDaemonReload, program } = facts.services[service];
  return `${active} ${enabled} ${load} ${unit} ${program}${needsDaemonReload ? ' unread' : ''}`;
}

/** What is otherwise now, one sentence each; empty: the plan still fits. */
export function changedSince(before: FactsSnapshot, now: FactsSnapshot): readonly string[] {
  const gone = (how: string | undefined): boolean => how === undefined || how === 'absent';
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].flatMap((what) => {
    const [was, is] = [before[what], now[what]];
    if (was === is || (gone(was) && gone(is))) return [];
    if (gone(was)) return [`${what} has appeared`];
    if (gone(is)) return [`${what} is gone`];
    return [`${what} has changed`];
  });
}
