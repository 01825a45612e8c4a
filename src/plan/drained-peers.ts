/** Hosts that could hand their VIPs over to drained hosts alone. Pure. */

import { operatorDrained } from '../cluster/can-drain.ts';
import { type FactsByHost, holdsVip } from '../cluster/cluster-state.ts';
import type { HostName, Vip } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { Finding, Plan } from '../model/plan.ts';

/**
 * A finding for each host that the plan drains although only hosts could take its VIPs that an operator has drained:
 * these stay so, and the drain would fail after others have been changed.
 */
export function drainedPeers(plan: Plan, vips: readonly Vip[], have: FactsByHost): readonly Finding[] {
  const away = (host: HostName): boolean => {
    const facts = have.get(host) ?? null;
    return facts !== null && operatorDrained(facts);
  };
  const work = plan.tracks.flat().flatMap((stage) => stage.work);
  const drains = work.filter(({ changes }) => changes.some(({ kind }) => kind === 'drain'));
  return drains.flatMap(({ host }): readonly Finding[] => {
    const stuck = vips.filter((vip) => {
      const others = vip.members.filter((member) => member.host !== host);
      return holdsVip(have, host, vip) && others.length > 0 && others.every((other) => away(other.host));
    });
    if (stuck.length === 0) return [];
    const members = stuck.flatMap((vip) => vip.members.map((member) => member.host));
    const drained = [...new Set(members)].filter(away);
    const [are, them] = drained.length === 1 ? ['is', 'it'] : ['are', 'them'];
    const addresses = stuck.map(({ address }) => address.address).join(' and ');
    return [
      {
        check: 'released',
        level: 'fail',
        host,
        message: `${host} cannot hand over ${addresses} while ${drained.join(' and ')} ${are} drained`,
        hint: `${drained.map((name) => `haup failback ${name}`).join(', then ')} puts ${them} back into service; --limit ${drained.join(',')} changes no other host`,
      },
    ];
  });
}

/** Throws FAILOVER_REFUSED where there is one. */
export function refuseDrainedPeers(plan: Plan, vips: readonly Vip[], have: FactsByHost): void {
  const [first] = drainedPeers(plan, vips, have);
  if (first === undefined) return;
  const { host, message, hint } = first;
  throw new HaupError('FAILOVER_REFUSED', `${message}.`, { host, hint: `${hint}. Nothing was changed.` });
}
