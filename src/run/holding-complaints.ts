/** What is wrong with daemons, health checks and holders, of what the hosts say of themselves. Pure. */

import { obstacles } from '../cluster/ability.ts';
import { type HostName, services, type Vip } from '../model/domain.ts';
import { healthCheck } from '../model/layout.ts';
import type { CheckName } from '../model/plan.ts';
import type { HostSight } from './host-sight.ts';

export interface GateQuestion {
  readonly vips: readonly Vip[];
  /** The hosts that were changed. */
  readonly members: readonly HostName[];
  readonly checks: readonly CheckName[];
  /** The VIPs whose members must all be done; absent: all. */
  readonly settling?: readonly string[] | undefined;
  /** Hosts whose daemons are not haup's at that time. */
  readonly strangers?: readonly HostName[] | undefined;
}

type Sights = ReadonlyMap<HostName, HostSight>;

/** A sentence for each thing that does not hold. */
export const holdingComplaints = (question: GateQuestion, sights: Sights): readonly string[] => [
  ...hostComplaints(question, sights),
  ...question.vips.flatMap((vip) => vipComplaints(vip, question, sights)),
];

function hostComplaints(
  { vips, members, checks, strangers = [] }: GateQuestion,
  sights: Sights,
): readonly string[] {
  const seen = [...sights].filter(([name]) => members.includes(name));
  const wrong: string[] = [];
  if (checks.includes('services')) {
    for (const [name, { active }] of seen) {
      // A stranger's may run by units of other names.
      if (strangers.includes(name)) continue;
      for (const service of services)
        if (!active.includes(service)) wrong.push(`${name}: ${service} is not active`);
    }
  }
  if (checks.includes('healthy')) {
    for (const name of members)
      if (sights.get(name)?.healthy === false) wrong.push(`${name}: its health check fails (${healthCheck})`);
  }
  if (checks.includes('released')) {
    for (const [name, { held }] of seen) {
      const still = vips.map(({ address }) => address.address).filter((address) => held.includes(address));
      if (still.length > 0) wrong.push(`${name} still holds ${still.join(' and ')}`);
    }
  }
  return wrong;
}

function vipComplaints(
  vip: Vip,
  { members, checks, settling, strangers = [] }: GateQuestion,
  sights: Sights,
): readonly string[] {
  const { address } = vip.address;
  const holders = [...sights].flatMap(([name, sight]) => (sight.held.includes(address) ? [name] : []));
  const [holder] = holders;
  // With --limit some members are not looked at; the holder may be one of those, and its answer shows it.
  const elsewhere = holders.length === 0 && vip.members.some(({ host }) => !sights.has(host));
  const alone = `${address} is held by ${holder ?? 'no host'} alone`;
  const notOne = `${address} is held by ${holders.length === 0 ? 'no host' : `${holders.join(' and ')} at once`}`;

  if (checks.includes('covered')) {
    const cover = holders.find((name) => !members.includes(name));
    if (cover === undefined) return elsewhere ? [] : [alone];
    if (strangers.includes(cover)) return [];
    const answers = sights.get(cover)?.asked.vips.filter((one) => one.address === address) ?? [];
    return answers.some(({ by }) => by === null || by === cover)
      ? []
      : [`${cover} has ${address} too, and does not answer there yet`];
  }
  const strange = vip.members.filter(({ host }) => strangers.includes(host)).length;
  if (strange > 0) {
    // Of two configurations: members need not hear each other, and both may have it for a while.
    const both = strange < vip.members.length;
    return (holders.length === 0 ? !elsewhere : holders.length > 1 && !both) ? [notOne] : [];
  }
  const wrong: string[] = [];
  const one = checks.includes('released') || checks.includes('one-holder');
  if (one && holders.length !== 1 && !elsewhere) wrong.push(notOne);
  if (checks.includes('overlapping') && holders.length < 2) wrong.push(alone);
  const expected = vip.members.find(({ host }) => isAble(sights.get(host), host === holder))?.host;
  const settles = checks.includes('settled') && (settling?.includes(address) ?? true);
  if (settles && holders.length === 1 && expected !== undefined && holder !== expected)
    wrong.push(`${address} is held by ${holder}; ${expected} comes before it and has not taken it back`);
  return wrong;
}

/** A holder whose check fails keeps its VIPs until keepalived has noticed too. */
const isAble = (sight: HostSight | undefined, holds: boolean): boolean =>
  sight !== undefined &&
  obstacles({
    down: new Map(services.filter((one) => !sight.active.includes(one)).map((one) => [one, 'not active'])),
    drained: sight.drained,
    fault: sight.healthy || holds ? null : 'its health check fails',
  }).length === 0;
