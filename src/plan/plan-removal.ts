/** The removal of everything haup installed, as a plan like any other. Pure. */

import type { HostName, Service, Vip } from '../model/domain.ts';
import type { HostFacts, StoppedUnit } from '../model/facts.ts';
import { keepalivedConf } from '../model/layout.ts';
import type { Action } from '../model/action.ts';
import type { Change, Plan, UnchangedResource, Stage } from '../model/plan.ts';
import { canDrain } from '../cluster/can-drain.ts';
import { onlyIdle, type DrainContext } from './host-drain.ts';
import { closeFirewall } from './firewall-changes.ts';
import { giveBack, removeBuild } from './leftover.ts';
import { servedVips } from './served-vips.ts';
import { isDrained } from '../cluster/ability.ts';

export interface RemovalOptions {
  /** From which hosts; the others only take over. */
  readonly hosts: readonly HostName[];
  /** Also the packages that haup installed. */
  readonly packages: boolean;
}

/**
 * One track for each cluster; in it host by host, standbys before holders. A host gives its VIPs away
 * first while another of its cluster is left to take them; the last one stops.
 */
export function planRemoval(
  have: ReadonlyMap<HostName, HostFacts>,
  vips: readonly Vip[],
  clusters: readonly (readonly HostName[])[],
  options: RemovalOptions,
): Plan {
  const same: UnchangedResource[] = [];
  const tracks = clusters.map((cluster): readonly Stage[] => {
    const { heldBy, drainContext } = servedVips(cluster, have, vips);
    const left = new Set(cluster.filter((host) => serves(have.get(host))));
    return cluster
      .flatMap((host) => have.get(host) ?? [])
      .filter(({ host }) => options.hosts.includes(host))
      .sort((a, b) => heldBy(a.host) - heldBy(b.host))
      .flatMap((facts): readonly Stage[] => {
        left.delete(facts.host);
        const turn = left.size > 0 ? drainContext(facts.host, releases(facts)) : null;
        const changes = removal(facts, turn, options);
        if (changes.length === 0) same.push({ host: facts.host, what: 'haup has installed nothing on it' });
        return changes.length === 0
          ? []
          : [{ title: `remove from ${facts.host}`, work: [{ host: facts.host, changes }], gate: [] }];
      });
  });
  return { tracks: tracks.filter((stages) => stages.length > 0), same, want: [] };
}

const serves = (facts: HostFacts | undefined): boolean =>
  facts !== undefined && facts.services.keepalived.active === 'active' && !isDrained(facts);

/** It can give its VIPs up first, or has done so under a run that was cut off, and still serves connections of theirs. */
function releases(facts: HostFacts): boolean {
  const answers = (facts.graces ?? []).some(({ part }) => part === 'answer');
  return answers
    ? canDrain({ ...facts, drain: 0 }, keepalivedConf)
    : serves(facts) && canDrain(facts, keepalivedConf);
}

/** `turn`: its drain, while other hosts are left to serve; null: it is the last one. */
function removal(
  have: HostFacts,
  turn: DrainContext | null,
  { packages }: Pick<RemovalOptions, 'packages'>,
): readonly Change[] {
  const { record } = have;
  const touched = Object.keys(record.services) as Service[];
  const nothing =
    [record.files, record.users, record.packages, record.builds, touched].every(
      (list) => list.length === 0,
    ) && have.drain === null;
  if (nothing) return [];
  // keepalived first: the VIPs go while nginx still answers.
  const services = (['keepalived', 'nginx'] as const).filter((service) => touched.includes(service));
  const stops = services.flatMap((service) => stop(service, have));
  const closed = closeFirewall(have);
  const files = giveBack(record.files, have);
  return [
    ...(turn?.able === true ? [giveUpVips] : []),
    ...(turn !== null && (turn.able || !turn.holds) ? onlyIdle(stops, turn.watched, turn.held) : stops),
    ...endGraces(have),
    ...(closed === null ? [] : [closed]),
    ...(files === null ? [] : [{ ...files, undo: [], why: 'haup wrote them' }]),
    ...services.flatMap((service) => startFound(service, have)),
    ...(record.units ?? []).toSorted((a, b) => (a.service < b.service ? 1 : -1)).map(reviveFound),
    ...record.builds.map((build) => ({ ...removeBuild(build), why: 'haup built or installed it' })),
    ...record.users.map(
      (name): Change => ({
        id: `remove-user:${name}`,
        kind: 'remove-user',
        title: `remove user ${name}`,
        why: 'haup created it',
        actions: [{ do: 'remove-user', name }],
        diffs: [],
      }),
    ),
    ...(packages ? removePackages(have) : []),
    {
      id: 'forget',
      kind: 'forget',
      title: 'remove the record that haup keeps',
      why:
        packages || record.packages.length === 0
          ? 'nothing of haup is left afterwards'
          : `nothing of haup is left afterwards but the packages that it installed: ${record.packages.join(', ')}`,
      actions: [{ do: 'forget' }],
      diffs: [],
    },
  ];
}

const giveUpVips: Change = {
  id: 'release',
  kind: 'release',
  title: 'drain',
  why: 'the backup takes over first',
  actions: [{ do: 'drain' }],
  after: ['released'],
  diffs: [],
};

/** Of a run that was cut off; before the packages, since it takes nft. */
const endGraces = ({ graces = [] }: HostFacts): readonly Change[] =>
  [...new Set(graces.map(({ vip }) => vip))].map((vip) => ({
    id: `grace:${vip}`,
    kind: 'forget',
    title: `end the grace of ${vip}`,
    why: 'the run that began it was cut off',
    actions: [{ do: 'grace-end', vip }],
    diffs: [],
  }));

function stop(service: Service, have: HostFacts): readonly Change[] {
  const is = have.services[service];
  if (is.load === 'not-found') return [];
  const found = have.record.services[service];
  const actions: Action[] = [
    ...(is.active === 'inactive' ? [] : [{ do: 'service', service, verb: 'stop' } as const]),
    ...(is.enabled !== 'enabled' || found?.enabled === true
      ? []
      : [{ do: 'service', service, verb: 'disable' } as const]),
  ];
  if (actions.length === 0) return [];
  return [
    {
      id: `service:${service}`,
      kind: 'service',
      service,
      title:
        actions.map((action) => (action.do === 'service' ? action.verb : '')).join(' and ') + ` ${service}`,
      why: found?.active === true ? 'it goes back to how haup found it' : 'haup started it',
      actions,
      diffs: [],
    },
  ];
}

/** What ran before haup came runs again, with its own files. */
function startFound(service: Service, have: HostFacts): readonly Change[] {
  const found = have.record.services[service];
  if (found === undefined || (!found.active && !found.enabled)) return [];
  const verbs = [
    ...(found.enabled ? (['enable'] as const) : []),
    ...(found.active ? (['start'] as const) : []),
  ];
  return [
    {
      id: `found:${service}`,
      kind: 'found',
      service,
      title: `${verbs.join(' and ')} ${service}`,
      why: 'that is how haup found it',
      actions: verbs.map((verb) => ({ do: 'service', service, verb })),
      diffs: [],
    },
  ];
}

/** nginx's comes first: what keepalived's announces answers by then. */
const reviveFound = (stopped: StoppedUnit): Change => ({
  id: `found:${stopped.unit}`,
  kind: 'found',
  title: `start ${stopped.unit}`,
  why: 'it ran before haup came',
  actions: [{ do: 'revive', ...stopped }],
  diffs: [],
});

function removePackages({ packageManager: manager, record }: HostFacts): readonly Change[] {
  if (manager === null || record.packages.length === 0) return [];
  return [
    {
      id: 'packages',
      kind: 'remove-package',
      title: `remove ${record.packages.length} package${record.packages.length === 1 ? '' : 's'} with ${manager}`,
      why: `haup installed ${record.packages.join(', ')}`,
      actions: [{ do: 'remove-packages', manager, names: record.packages, purge: true }],
      diffs: [],
    },
  ];
}
