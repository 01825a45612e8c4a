/** What must hold after each turn of a cluster, by what has changed until then. Pure. */

import type { HostName, Vip } from '../model/domain.ts';
import type { CheckName, Stage } from '../model/plan.ts';
import type { ChangeTurn } from './change-turns.ts';
import type { ClusterView } from './cluster-view.ts';
import { runningText } from '../cluster/can-drain.ts';
import { addressesOf, inOrder } from './served-vips.ts';
import { keepalivedWrite } from './simultaneous.ts';
import { foreignServices, mixesKeepalived } from './strangers.ts';

/** What must hold after hosts that serve were changed. */
export const servingChecks: readonly CheckName[] = ['services', 'healthy', 'one-holder', 'settled', 'http'];

export function gatedStages(turns: readonly ChangeTurn[], view: ClusterView): readonly Stage[] {
  const changed = new Set<HostName>();
  return turns.map(({ title, together, changing, beside }, at): Stage => {
    for (const { host } of changing) changed.add(host);
    const later = new Set(turns.slice(at + 1).flatMap((turn) => turn.changing.map(({ host }) => host)));
    const pending = view.cluster.filter((host) => changed.has(host) && later.has(host));
    const strangers = view.cluster.filter(
      (host) => foreignServices(view.strangers, host, changed).length > 0,
    );
    return {
      title,
      ...(together && { together }),
      work: [...changing, ...beside],
      gate: servingChecks,
      ...gatedVips(view, changed),
      ...(strangers.length > 0 && { strangers }),
      ...(pending.length > 0 && { pending }),
    };
  });
}

function gatedVips(
  view: ClusterView,
  changed: ReadonlySet<HostName>,
): Required<Pick<Stage, 'addresses' | 'settling'>> {
  const { cluster, vips, served, strangers, changesOf } = view;
  const apart = mixesKeepalived(cluster, strangers);
  const alone = new Set(served.alone);
  /** Whether all members of a VIP are as wanted by then; until that it may be anywhere, and a new one nowhere. */
  const done = ({ members }: Vip): boolean =>
    members.every(({ host }) => changed.has(host) || changesOf(host).length === 0);
  return {
    addresses: addressesOf(vips.filter((vip) => alone.has(vip) || done(vip))),
    settling: addressesOf(
      vips.filter(
        (vip) =>
          done(vip) ||
          (!apart && alone.has(vip) && inOrder(vip, (host) => keepalivedText(view, host, changed.has(host)))),
      ),
    ),
  };
}

/** What keepalived runs with, before its host has changed or after. */
function keepalivedText(
  { have, diffs, entry }: ClusterView,
  host: HostName,
  changed: boolean,
): string | null {
  const facts = have.get(host);
  const next = changed
    ? keepalivedWrite(diffs.get(host))?.testing.find(({ path }) => path === entry(host))?.bytes
    : undefined;
  if (next !== undefined) return Buffer.from(next).toString('utf8');
  return facts === undefined ? null : runningText(facts, entry(host));
}
