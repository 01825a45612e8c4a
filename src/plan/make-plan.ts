import type { DesiredHost } from '../model/desired.ts';
import type { HostName, Service, Vip } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import { HaupError } from '../model/errors.ts';
import type { KeptPaths } from '../model/kept-state.ts';
import type { Disappearing } from '../model/running.ts';
import type { Change, HostWork, Plan, Same, Stage } from '../model/plan.ts';
import { keepalivedLast, standAside } from './aside.ts';
import { byWay } from './by-way.ts';
import { diffHost, type HostDiff } from './diff-host.ts';
import { disappearing } from './disappearing.ts';
import { canDrain, runningText } from '../cluster/can-drain.ts';
import { whileDrained } from './host-drain.ts';
import { splitChanges } from './hand-over.ts';
import { keptPaths } from './kept-paths.ts';
import { takenIds, tiedClusters } from './router-ids.ts';
import { heldByRunning } from './running-vrrp.ts';
import { inOrder, servingChecks, servingNow } from './serving.ts';
import { takenOver, takingOver } from './stranger-daemons.ts';
import { keepalivedWrite, simultaneousChange } from './simultaneous.ts';

export interface BuildPolicy {
  /** `first`: one host of a platform builds for all. */
  readonly on: 'first' | 'each';
  /** Keys of the builds that the operator's machine keeps. */
  readonly cached: ReadonlySet<string>;
  /** `host`: who builds downloads the tarball too. */
  readonly fetch?: 'controller' | 'host';
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
  const gone: Disappearing[] = [];
  const before = new Map<HostName, readonly Service[]>();
  for (const desired of want) {
    const facts = have.get(desired.host);
    if (facts === undefined) continue;
    const diff = diffHost(desired, facts, (key) => {
      // A host that is to build for itself trusts no other's build.
      if (builds.on === 'first' && builds.cached.has(key)) return { kind: 'cache' };
      const builder = builders.get(key);
      if (builder !== undefined && builds.on === 'first') return { kind: 'receive', host: builder };
      builders.set(key, desired.host);
      return { kind: 'build', fetch: builds.fetch === 'host' };
    });
    const taken = takenOver(diff, desired, facts);
    gone.push(...disappearing(diff, taken, desired, facts, vips));
    if (taken.length > 0)
      before.set(
        desired.host,
        taken.map(({ service }) => service),
      );
    diffs.set(desired.host, takingOver(diff, taken, facts));
    for (const what of diff.same) same.push({ host: desired.host, what });
  }
  const kept = new Map(want.map((desired) => [desired.host, keptPaths(desired, have.get(desired.host))]));
  const strangers = { before, after: new Map() };
  const tracks = arrange(diffs, kept, have, vips, clusters, strangers);
  return { tracks, same, want, ...(gone.length === 0 ? {} : { disappearing: gone }) };
}

/** The services of a host that are somebody else's: until the host's turn, and from then on. */
export interface Strangers {
  readonly before: ReadonlyMap<HostName, readonly Service[]>;
  readonly after: ReadonlyMap<HostName, readonly Service[]>;
}

/** keepalived is somebody else's here or there, before or after: members do not all hear each other meanwhile. */
const isApart = (cluster: readonly HostName[], { before, after }: Strangers): boolean =>
  [before, after].some((one) => cluster.some((host) => one.get(host)?.includes('keepalived') === true));

/** A track for each cluster that has changes. */
export function arrange(
  diffs: ReadonlyMap<HostName, HostDiff>,
  kept: ReadonlyMap<HostName, readonly KeptPaths[]>,
  have: ReadonlyMap<HostName, HostFacts>,
  vips: readonly Vip[],
  clusters: readonly (readonly HostName[])[],
  strangers: Strangers = { before: new Map(), after: new Map() },
): readonly (readonly Stage[])[] {
  const entry = (host: HostName): string => entryOf(kept.get(host));
  const reserved = takenIds(have, vips, entry);
  return tiedClusters(clusters, diffs, have, entry)
    .map((cluster) => {
      const phases = isApart(cluster, strangers) ? null : byWay(cluster, diffs, have, entry, reserved);
      if (phases === null) return track(cluster, { diffs, kept, have, vips, strangers });
      const first = track(cluster, { diffs: phases.before, kept, have, vips, strangers });
      const then = track(cluster, { diffs: phases.after, kept, have: phases.between, vips, strangers });
      return [...first, ...then.map(withoutKeeping(first))];
    })
    .filter((stages) => stages.length > 0);
}

/** What there was before the first change of a host is what a rollback goes back to. */
const withoutKeeping =
  (earlier: readonly Stage[]) =>
  (stage: Stage): Stage => {
    const kept = earlier.flatMap(({ work }) => work.flatMap(({ host, keep }) => (keep ? [host] : [])));
    const work = stage.work.map(({ keep, keepRules, ...rest }) =>
      kept.includes(rest.host) ? rest : { ...rest, ...(keep && { keep }), ...(keepRules && { keepRules }) },
    );
    return { ...stage, work };
  };

interface Known {
  readonly diffs: ReadonlyMap<HostName, HostDiff>;
  readonly kept: ReadonlyMap<HostName, readonly KeptPaths[]>;
  readonly have: ReadonlyMap<HostName, HostFacts>;
  readonly vips: readonly Vip[];
  readonly strangers: Strangers;
}

function track(
  cluster: readonly HostName[],
  { diffs, kept, have, vips, strangers }: Known,
): readonly Stage[] {
  const hosts = cluster.filter((host) => diffs.has(host));
  const stages: Stage[] = [];
  const touched = new Set<HostName>();
  const add = (stage: Stage): void => {
    const work = stage.work.filter(({ changes }) => changes.length > 0);
    if (work.length > 0) stages.push({ ...stage, work });
  };
  /** A host is kept once, before the first change that can be noticed. */
  const workOf = (host: HostName, changes: readonly Change[]): HostWork => {
    const keep = touched.has(host) || changes.length === 0 ? [] : (kept.get(host) ?? []);
    if (changes.length > 0) touched.add(host);
    const keepRules = have.get(host)?.firewall?.rules ?? [];
    const before = keep.length === 0 ? {} : keepRules.length === 0 ? { keep } : { keep, keepRules };
    return { host, ...before, changes };
  };
  const changesOf = (host: HostName): readonly Change[] => diffs.get(host)?.change ?? [];
  const { held, alone, turnOf, ...serving } = servingNow(cluster, have, vips);
  /** Those too that its keepalived has and the inventory does not name: it serves by them. */
  const others = (host: HostName): number => {
    const facts = have.get(host);
    const running = facts === undefined ? [] : heldByRunning(facts);
    return running.filter((address) => !vips.some((vip) => vip.address.address === address)).length;
  };
  const heldBy = (host: HostName): number => serving.heldBy(host) + others(host);
  const foreign = (host: HostName): readonly Service[] =>
    (touched.has(host) ? strangers.after : strangers.before).get(host) ?? [];
  const strange = (): Pick<Stage, 'strangers'> => {
    const now = cluster.filter((host) => foreign(host).length > 0);
    return now.length === 0 ? {} : { strangers: now };
  };
  const apart = isApart(cluster, strangers);
  const heldNow = alone.map(({ address }) => address.address);
  /** Whether all members of a VIP are as wanted by then; until that it may be anywhere, and a new one nowhere. */
  const done = (vip: Vip): boolean =>
    vip.members.every(({ host }) => touched.has(host) || changesOf(host).length === 0);
  const entry = (host: HostName): string => entryOf(kept.get(host));
  /** What keepalived runs with by then. */
  const textOf = (host: HostName): string | null => {
    const facts = have.get(host);
    const next = touched.has(host)
      ? keepalivedWrite(diffs.get(host))?.testing.find(({ path }) => path === entry(host))?.bytes
      : undefined;
    if (next !== undefined) return Buffer.from(next).toString('utf8');
    return facts === undefined ? null : runningText(facts, entry(host));
  };
  const gated = (): Pick<Stage, 'gate' | 'addresses' | 'settling' | 'strangers'> => ({
    ...strange(),
    gate: servingChecks,
    addresses: vips.filter((vip) => alone.includes(vip) || done(vip)).map(({ address }) => address.address),
    settling: vips
      .filter((vip) => done(vip) || (!apart && alone.includes(vip) && inOrder(vip, textOf)))
      .map(({ address }) => address.address),
  });
  const able = (host: HostName): boolean => cluster.length > 1 && canDrain(have.get(host), entry(host));
  add({
    title: 'prepare',
    work: hosts.map((host) => ({ host, changes: diffs.get(host)?.prepare ?? [] })),
    gate: [],
  });
  const opening = hosts.map((host) => ({ host, changes: diffs.get(host)?.open ?? [] }));
  // Hosts that hear each other again have to agree on who holds what; where more is to come, they have by its end.
  const last = held.length > 0 && hosts.every((host) => changesOf(host).length === 0);
  const agreed = { gate: servingChecks, addresses: held.map(({ address }) => address.address) };
  add({ title: 'open the firewall', work: opening, ...(last ? agreed : { gate: [] }) });
  const tidy: Stage = {
    title: 'take away what nothing uses any more',
    work: hosts.map((host) => ({ host, changes: diffs.get(host)?.tidy ?? [] })),
    gate: [],
  };
  const turn = (host: HostName, changes: readonly Change[]): readonly Change[] =>
    whileDrained(changes, turnOf(host, able(host)));
  const serves = (host: HostName): boolean => heldBy(host) > 0 || strangers.before.has(host);
  if (!hosts.some(serves)) {
    // Those that are left out may serve, and may have stopped by then.
    const unseen = cluster.some((host) => !have.has(host));
    const work = hosts.map((host) => workOf(host, unseen ? turn(host, changesOf(host)) : changesOf(host)));
    add({ title: 'configure and start', work, ...gated() });
    add(tidy);
    return stages;
  }
  const meeting = apart ? null : simultaneousChange(hosts, diffs, have, vips, { able, entry });
  const split = new Map(
    meeting?.hosts.map((host) => [
      host,
      splitChanges(host, changesOf(host), meeting, heldBy(host) > 0 ? heldNow : []),
    ]),
  );
  const pendingOf = (later: readonly HostName[]): Pick<Stage, 'pending'> => {
    const pending = later.filter((host) => (split.get(host)?.alone ?? []).length > 0);
    return pending.length === 0 ? {} : { pending };
  };
  if (meeting !== null) {
    const names = meeting.hosts.join(' and ');
    add({
      title: meeting.first.length > 0 ? `change ${names} in turns` : `change ${names} at the same moment`,
      together: meeting.together,
      work: meeting.hosts.map((host) => workOf(host, split.get(host)?.together ?? [])),
      ...gated(),
      ...pendingOf(meeting.hosts),
    });
  }
  const aside = (host: HostName, own: readonly Change[]): ReturnType<typeof standAside> => {
    const facts = have.get(host);
    if (facts === undefined) return { changes: own, beside: [] };
    const near = held.filter(
      ({ members }) =>
        members.some((one) => one.host === host) &&
        members.some((one) => one.host !== host && have.has(one.host)),
    );
    return standAside(own, facts, {
      addresses: near.map(({ address }) => address.address),
      drains: !foreign(host).includes('keepalived') && able(host),
      strangers: strange().strangers ?? [],
      others: cluster.filter(
        (one) => one !== host && have.has(one) && near.some((vip) => vip.members.some((m) => m.host === one)),
      ),
    });
  };
  const order = [...hosts].sort((a, b) => heldBy(a) - heldBy(b));
  for (const [at, host] of order.entries()) {
    const own = apart ? keepalivedLast(changesOf(host)) : (split.get(host)?.alone ?? changesOf(host));
    if (apart && heldBy(host) > 0) {
      const { changes, beside } = aside(host, own);
      const work = [workOf(host, changes), ...(changes.length === 0 ? [] : beside)];
      add({ title: `change ${host}`, work, ...gated() });
      continue;
    }
    const work = workOf(host, turn(host, own));
    add({ title: `change ${host}`, work: [work], ...gated(), ...pendingOf(order.slice(at + 1)) });
  }
  add(tidy);
  return stages;
}

/** The configuration that keepalived reads. */
const entryOf = (kept: readonly KeptPaths[] | undefined): string =>
  kept?.find(({ service }) => service === 'keepalived')?.entry ?? '';

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
