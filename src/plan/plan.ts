import type { DesiredHost } from '../model/desired.ts';
import type { HostName, Service, Vip } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import { HaupError } from '../model/errors.ts';
import type { KeptPaths } from '../model/history.ts';
import { holdsAddress } from '../model/holding.ts';
import type { Disappearing } from '../model/running.ts';
import type { Change, CheckName, HostWork, Plan, Same, Stage } from '../model/plan.ts';
import { diffHost, type HostDiff } from './diff.ts';
import { keepalivedLast, standAside } from './aside.ts';
import { canDrain, whileDrained } from './drain.ts';
import { disappearing } from './disappearing.ts';
import { splitChanges } from './hand-over.ts';
import { keptPaths } from './kept.ts';
import { heldByRunning } from './running-vrrp.ts';
import { takenOver, takingOver } from './strangers.ts';
import { meetingOf } from './together.ts';

/** What must hold after hosts that serve were changed. */
const serving: readonly CheckName[] = ['services', 'one-holder', 'settled', 'http'];

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

/** A track for each cluster that has changes. */
export function arrange(
  diffs: ReadonlyMap<HostName, HostDiff>,
  kept: ReadonlyMap<HostName, readonly KeptPaths[]>,
  have: ReadonlyMap<HostName, HostFacts>,
  vips: readonly Vip[],
  clusters: readonly (readonly HostName[])[],
  strangers: Strangers = { before: new Map(), after: new Map() },
): readonly (readonly Stage[])[] {
  return clusters
    .map((cluster) => track(cluster, { diffs, kept, have, vips, strangers }))
    .filter((stages) => stages.length > 0);
}

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
  const holds = (host: HostName, { address }: Vip): boolean => {
    const facts = have.get(host);
    return facts !== undefined && holdsAddress(facts, address.address);
  };
  const held = vips.filter((vip) => cluster.some((host) => holds(host, vip)));
  /** After an apply that was cut off, hosts that do not hear each other may both have one. */
  const alone = held.filter((vip) => cluster.filter((host) => holds(host, vip)).length === 1);
  const heldNow = alone.map(({ address }) => address.address);
  /** Those too that its keepalived has and the inventory does not name: it serves by them. */
  const others = (host: HostName): number => {
    const facts = have.get(host);
    const running = facts === undefined ? [] : heldByRunning(facts);
    return running.filter((address) => !vips.some((vip) => vip.address.address === address)).length;
  };
  const heldBy = (host: HostName): number => held.filter((vip) => holds(host, vip)).length + others(host);
  const foreign = (host: HostName): readonly Service[] =>
    (touched.has(host) ? strangers.after : strangers.before).get(host) ?? [];
  const strange = (): Pick<Stage, 'strangers'> => {
    const now = cluster.filter((host) => foreign(host).length > 0);
    return now.length === 0 ? {} : { strangers: now };
  };
  /** keepalived is somebody else's here or there, before or after: members do not all hear each other meanwhile. */
  const apart = [strangers.before, strangers.after].some((one) =>
    cluster.some((host) => one.get(host)?.includes('keepalived') === true),
  );
  /** Whether all members of a VIP are as wanted by then; until that it may be anywhere, and a new one nowhere. */
  const done = (vip: Vip): boolean =>
    vip.members.every(({ host }) => touched.has(host) || changesOf(host).length === 0);
  const gated = (): Pick<Stage, 'gate' | 'addresses' | 'settling' | 'strangers'> => ({
    ...strange(),
    gate: serving,
    addresses: vips.filter((vip) => alone.includes(vip) || done(vip)).map(({ address }) => address.address),
    settling: vips.filter(done).map(({ address }) => address.address),
  });
  const able = (host: HostName): boolean =>
    cluster.length > 1 && canDrain(have.get(host), entryOf(kept.get(host)));
  add({
    title: 'prepare',
    work: hosts.map((host) => ({ host, changes: diffs.get(host)?.prepare ?? [] })),
    gate: [],
  });
  const opening = hosts.map((host) => ({ host, changes: diffs.get(host)?.open ?? [] }));
  // Hosts that hear each other again have to agree on who holds what; where more is to come, they have by its end.
  const last = held.length > 0 && hosts.every((host) => changesOf(host).length === 0);
  const agreed = { gate: serving, addresses: held.map(({ address }) => address.address) };
  add({ title: 'open the firewall', work: opening, ...(last ? agreed : { gate: [] }) });
  const tidy: Stage = {
    title: 'take away what nothing uses any more',
    work: hosts.map((host) => ({ host, changes: diffs.get(host)?.tidy ?? [] })),
    gate: [],
  };
  const serves = (host: HostName): boolean => heldBy(host) > 0 || strangers.before.has(host);
  if (!hosts.some(serves)) {
    const work = hosts.map((host) => workOf(host, changesOf(host)));
    add({ title: 'configure and start', work, ...gated() });
    add(tidy);
    return stages;
  }
  const entry = (host: HostName): string => entryOf(kept.get(host));
  const meeting = apart ? null : meetingOf(hosts, diffs, have, vips, { able, entry });
  const split = new Map(
    meeting?.hosts.map((host) => [
      host,
      splitChanges(host, changesOf(host), meeting, heldBy(host) > 0 ? heldNow : []),
    ]),
  );
  if (meeting !== null) {
    const names = meeting.hosts.join(' and ');
    add({
      title: meeting.first.length > 0 ? `change ${names} in turns` : `change ${names} at the same moment`,
      together: meeting.together,
      work: meeting.hosts.map((host) => workOf(host, split.get(host)?.together ?? [])),
      ...gated(),
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
  for (const host of [...hosts].sort((a, b) => heldBy(a) - heldBy(b))) {
    const own = apart ? keepalivedLast(changesOf(host)) : (split.get(host)?.alone ?? changesOf(host));
    if (apart && heldBy(host) > 0) {
      const { changes, beside } = aside(host, own);
      const work = [workOf(host, changes), ...(changes.length === 0 ? [] : beside)];
      add({ title: `change ${host}`, work, ...gated() });
      continue;
    }
    const changes = heldBy(host) > 0 ? whileDrained(own, heldNow, able(host)) : own;
    const work = workOf(host, changes);
    add({ title: `change ${host}`, work: [work], ...gated() });
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
