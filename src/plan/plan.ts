import type { DesiredHost, HostFacts, HostName, Vip } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import { holdsAddress } from '../model/holding.ts';
import type { Change, CheckName, HostWork, Plan, Same, Stage } from '../model/plan.ts';
import { diffHost, type HostDiff } from './diff.ts';

/** What must hold after hosts that serve were changed. */
const serving: readonly CheckName[] = ['services', 'one-holder', 'settled', 'http'];

export interface BuildPolicy {
  /** `first`: one host of a platform builds for all. */
  readonly on: 'first' | 'each';
  /** Keys of the builds that the operator's machine keeps. */
  readonly cached: ReadonlySet<string>;
}

/**
 * All differences, in the order in which they are made: one track for each cluster; in a track, what
 * nobody notices on all hosts at once, then host by host, standbys before holders. A cluster that
 * serves nobody yet is changed at once.
 */
export function plan(
  want: readonly DesiredHost[],
  have: ReadonlyMap<HostName, HostFacts>,
  vips: readonly Vip[],
  clusters: readonly (readonly HostName[])[],
  builds: BuildPolicy,
): Plan {
  const builders = new Map<string, HostName>();
  const diffs = new Map<HostName, HostDiff>();
  const same: Same[] = [];
  for (const desired of want) {
    const facts = have.get(desired.host);
    if (facts === undefined) continue;
    const diff = diffHost(desired, facts, (key) => {
      if (builds.cached.has(key)) return { kind: 'cache' };
      const builder = builders.get(key);
      if (builder !== undefined && builds.on === 'first') return { kind: 'receive', host: builder };
      builders.set(key, desired.host);
      return { kind: 'build' };
    });
    diffs.set(desired.host, diff);
    for (const what of diff.same) same.push({ host: desired.host, what });
  }
  const tracks = clusters
    .map((cluster) =>
      track(
        cluster.filter((host) => diffs.has(host)),
        diffs,
        have,
        vips,
      ),
    )
    .filter((stages) => stages.length > 0);
  return { tracks, same, want };
}

function track(
  hosts: readonly HostName[],
  diffs: ReadonlyMap<HostName, HostDiff>,
  have: ReadonlyMap<HostName, HostFacts>,
  vips: readonly Vip[],
): readonly Stage[] {
  const work = (list: readonly HostName[], part: 'prepare' | 'change' | 'tidy'): readonly HostWork[] =>
    list
      .map((host) => ({ host, changes: diffs.get(host)?.[part] ?? [] }))
      .filter(({ changes }) => changes.length > 0);
  const stages: Stage[] = [];
  const add = (title: string, hostWork: readonly HostWork[], gate: readonly CheckName[]): void => {
    if (hostWork.length > 0) stages.push({ title, work: hostWork, gate });
  };
  const holds = (host: HostName): number => {
    const facts = have.get(host);
    return facts === undefined ? 0 : vips.filter((vip) => holdsAddress(facts, vip.address.address)).length;
  };
  add('prepare', work(hosts, 'prepare'), []);
  if (!hosts.some((host) => holds(host) > 0)) {
    add('configure and start', work(hosts, 'change'), serving);
    add(tidyTitle, work(hosts, 'tidy'), []);
    return stages;
  }
  for (const host of [...hosts].sort((a, b) => holds(a) - holds(b))) {
    const [own] = work([host], 'change');
    if (own === undefined) continue;
    add(
      `change ${host}`,
      [
        {
          host,
          changes: holds(host) > 0 ? whileDrained(own.changes, have.get(host), hosts.length) : own.changes,
        },
      ],
      serving,
    );
  }
  add(tidyTitle, work(hosts, 'tidy'), []);
  return stages;
}

const tidyTitle = 'take away what nothing uses any more';

/**
 * What interrupts a daemon is done while the host is drained: the backup takes over first, so that no
 * request is lost. A host that the operator drained stays so.
 */
function whileDrained(
  changes: readonly Change[],
  facts: HostFacts | undefined,
  members: number,
): readonly Change[] {
  const interrupts = changes.some(({ actions }) =>
    actions.some(
      (action) => action.do === 'service' && (action.verb === 'restart' || action.verb === 'stop'),
    ),
  );
  const canDrain =
    members > 1 &&
    facts !== undefined &&
    (facts.drain ?? 0) >= 0 &&
    facts.services.keepalived.active === 'active';
  if (!interrupts || !canDrain) return changes;
  return [
    {
      id: 'drain',
      title: 'drain',
      why: 'a daemon is restarted: the backup takes over first',
      actions: [{ do: 'drain' }],
      after: ['released'],
      undo: [],
      diffs: [],
    },
    ...changes,
    {
      id: 'undrain',
      title: 'undrain',
      why: 'the host takes its VIPs back',
      actions: [{ do: 'undrain' }],
      after: ['services'],
      diffs: [],
    },
  ];
}

export const countChanges = (of: Plan): { readonly changes: number; readonly hosts: number } => {
  const work = of.tracks.flat().flatMap((stage) => stage.work);
  return {
    changes: work.reduce((sum, { changes }) => sum + changes.length, 0),
    hosts: new Set(work.map(({ host }) => host)).size,
  };
};

/** Throws DOWNGRADE_REFUSED when the plan replaces a version by a lower one. */
export function refuseDowngrades(made: Plan): void {
  const found = new Map<
    string,
    { readonly hosts: HostName[]; readonly to: string; readonly software: string }
  >();
  for (const { host, changes } of made.tracks.flat().flatMap((stage) => stage.work)) {
    for (const { downgrade } of changes) {
      if (downgrade === undefined) continue;
      const { software, from, to } = downgrade;
      const said = `${software} ${from} → ${to}`;
      const one = found.get(said) ?? { hosts: [], to, software };
      one.hosts.push(host);
      found.set(said, one);
    }
  }
  const [first] = found.values();
  if (first === undefined) return;
  throw new HaupError('DOWNGRADE_REFUSED', 'The inventory wants a lower version than the one installed.', {
    hint: `Set ${first.software}.version to the one installed or a newer one; to go down on purpose, add --allow-downgrade. Nothing was changed.`,
    detail: [...found].map(([said, { hosts }]) => `${said} on ${hosts.join(', ')}`),
  });
}
