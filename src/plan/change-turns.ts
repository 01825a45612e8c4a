/**
 * In which order the hosts of a cluster change their daemons. A cluster that serves no one yet changes at once. Else
 * members that must agree change at the same moment, and then host by host, standbys before holders. Pure.
 */

import type { HostName } from '../model/domain.ts';
import type { Change, HostWork, SimultaneousReason } from '../model/plan.ts';
import type { ClusterView } from './cluster-view.ts';
import { splitChanges } from './hand-over.ts';
import { whileDrained } from './host-drain.ts';
import { heldByRunning } from './running-vrrp.ts';
import { simultaneousChange } from './simultaneous.ts';
import { keepalivedLast, stepAside } from './step-aside.ts';
import { foreignServices, mixesKeepalived } from './strangers.ts';
import { addressesOf } from './served-vips.ts';

export interface ChangeTurn {
  readonly title: string;
  readonly together?: SimultaneousReason;
  /** Hosts whose turn it is; each has changes. */
  readonly changing: readonly HostWork[];
  /** What other hosts do meanwhile. */
  readonly beside: readonly HostWork[];
}

export function changeTurns(view: ClusterView): readonly ChangeTurn[] {
  const { cluster, hosts, strangers } = view;
  const serves = (host: HostName): boolean => heldBy(view, host) > 0 || strangers.before.has(host);
  const turns = !hosts.some(serves)
    ? [allAtOnce(view)]
    : mixesKeepalived(cluster, strangers)
      ? pastStrangers(view)
      : membersInTurn(view);
  return turns
    .map((turn) => ({ ...turn, changing: turn.changing.filter(({ changes }) => changes.length > 0) }))
    .filter(({ changing }) => changing.length > 0);
}

function allAtOnce(view: ClusterView): ChangeTurn {
  const { cluster, hosts, have, changesOf } = view;
  // Those that are left out may serve, and may have stopped by then.
  const unseen = cluster.some((host) => !have.has(host));
  return {
    title: 'configure and start',
    changing: hosts.map((host) => ({
      host,
      changes: unseen ? drained(view, host, changesOf(host)) : changesOf(host),
    })),
    beside: [],
  };
}

function membersInTurn(view: ClusterView): readonly ChangeTurn[] {
  const { hosts, diffs, have, vips, served, changesOf } = view;
  const simultaneous = simultaneousChange(hosts, diffs, have, vips, view);
  const heldNow = addressesOf(served.alone);
  const split = new Map(
    simultaneous?.hosts.map((host) => [
      host,
      splitChanges(host, changesOf(host), simultaneous, heldBy(view, host) > 0 ? heldNow : []),
    ]),
  );
  const alone = standbysFirst(view).map(
    (host): ChangeTurn => ({
      title: `change ${host}`,
      changing: [{ host, changes: drained(view, host, split.get(host)?.alone ?? changesOf(host)) }],
      beside: [],
    }),
  );
  if (simultaneous === null) return alone;
  const names = simultaneous.hosts.join(' and ');
  return [
    {
      title:
        simultaneous.first.length > 0 ? `change ${names} in turns` : `change ${names} at the same moment`,
      together: simultaneous.together,
      changing: simultaneous.hosts.map((host) => ({ host, changes: split.get(host)?.together ?? [] })),
      beside: [],
    },
    ...alone,
  ];
}

/** Host by host while a keepalived of another configuration runs among them. */
function pastStrangers(view: ClusterView): readonly ChangeTurn[] {
  const changed = new Set<HostName>();
  return standbysFirst(view).map((host): ChangeTurn => {
    const own = keepalivedLast(view.changesOf(host));
    const { changes, beside } =
      heldBy(view, host) > 0
        ? asideFrom(view, host, own, changed)
        : { changes: drained(view, host, own), beside: [] };
    if (changes.length > 0) changed.add(host);
    return { title: `change ${host}`, changing: [{ host, changes }], beside };
  });
}

function asideFrom(
  { cluster, have, served, strangers, able }: ClusterView,
  host: HostName,
  own: readonly Change[],
  changed: ReadonlySet<HostName>,
): ReturnType<typeof stepAside> {
  const facts = have.get(host);
  if (facts === undefined) return { changes: own, beside: [] };
  const seen = cluster.filter((one) => one !== host && have.has(one));
  const near = served.held.filter(
    ({ members }) =>
      members.some((one) => one.host === host) && members.some((one) => seen.includes(one.host)),
  );
  return stepAside(own, facts, {
    addresses: addressesOf(near),
    drains: !foreignServices(strangers, host, changed).includes('keepalived') && able(host),
    strangers: cluster.filter((one) => foreignServices(strangers, one, changed).length > 0),
    others: seen.filter((one) => near.some(({ members }) => members.some((member) => member.host === one))),
  });
}

const drained = ({ served, able }: ClusterView, host: HostName, changes: readonly Change[]) =>
  whileDrained(changes, served.drainContext(host, able(host)));

const standbysFirst = (view: ClusterView): readonly HostName[] =>
  view.hosts.toSorted((a, b) => heldBy(view, a) - heldBy(view, b));

/** Those too that its keepalived has and the inventory does not name: it serves by them. */
function heldBy({ have, vips, served }: ClusterView, host: HostName): number {
  const facts = have.get(host);
  const running = facts === undefined ? [] : heldByRunning(facts);
  const unnamed = running.filter((address) => !vips.some((vip) => vip.address.address === address));
  return served.heldBy(host) + unnamed.length;
}
