/** Builds: whether one is wanted, where a host gets it from, and how the old one comes back. Pure. */

import { sha256 } from '../base/digest.ts';
import type { BuildNeed, BuildRecipe, Resource } from '../model/desired.ts';
import type { HostName } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import { initFeature, initSources, unfinishedStamp } from '../model/layout.ts';
import type { Action, Pack } from '../model/action.ts';
import type { BuildOrigin, BuildReport, Change, Plan } from '../model/plan.ts';
import { atLeast } from '../base/version.ts';

/** Where a host gets a build from: it builds itself, receives what another host builds, or what haup kept. */
export type BuildSource =
  /** `fetch`: the host downloads the tarball itself. */
  | { readonly kind: 'build'; readonly fetch?: boolean }
  | { readonly kind: 'cache' }
  | { readonly kind: 'receive'; readonly host: HostName };

/** By the key of a pack; asked once for each build that a host needs. */
export type SourceOf = (key: string) => BuildSource;

/** The digest of a recipe, left with a finished build: equal digests mean that nothing is to be built. */
export function recipeDigest(recipe: BuildRecipe): string {
  const { software, version, prefix, configure, tarball } = recipe;
  return sha256(JSON.stringify([software, version, prefix, configure, tarball.sha256]));
}

export interface BuildDiff {
  /** Compiles and packs; null: another host does, or this machine keeps it. */
  readonly build: Change | null;
  /** Puts it in place: from here on a daemon that starts runs it. */
  readonly install: Change;
}

/** Text: why nothing is to be built. */
export function diffBuild(
  { recipe, needs = [] }: Extract<Resource, { kind: 'build' }>,
  have: HostFacts,
  sourceOf: SourceOf,
): BuildDiff | string {
  const { software, version } = recipe;
  const stamp = recipeDigest(recipe);
  const lower = lowers(recipe, have);
  const why = reasonToBuild(recipe, stamp, have, lower) ?? withoutInit(recipe, needs, have);
  if (why === null) return `build: ${software} ${version} is installed with the options wanted`;
  const pack: Pack = {
    key: sha256(`${stamp} ${platformOf(have)} ${packForm}`),
    stamp,
    manager: have.packageManager,
  };
  const source = sourceOf(pack.key);
  const [role, from] = originOf(source);
  const shared = {
    service: software,
    why,
    build: {
      service: software,
      version,
      platform: platformOf(have),
      key: pack.key,
      role,
      from: source.kind === 'receive' ? source.host : null,
    },
    diffs: [],
  };
  const compile: Change = {
    id: `build:${software}`,
    kind: 'build',
    title: `build ${software} ${version}`,
    actions: compileActions(recipe, needs, pack, source),
    ...shared,
  };
  const install: Change = {
    id: `install:${software}`,
    kind: 'install',
    title: `install ${software} ${version}${from}`,
    actions: [{ do: 'place-build', recipe, pack, needs }],
    // The build that is there now was kept before this host was touched.
    ...(have.software[software] === null
      ? {}
      : { undo: [{ do: 'restore-build' as const, service: software, state: 'newest' as const }] }),
    ...(lower === null ? {} : { downgrade: { software, from: lower, to: version } }),
    ...shared,
  };
  return { build: source.kind === 'build' ? compile : null, install };
}

/** What a host does with a build, and how the plan says where it comes from. */
function originOf(source: BuildSource): readonly [role: BuildOrigin['role'], words: string] {
  switch (source.kind) {
    case 'build':
      return ['built', ''];
    case 'cache':
      return ['cached', ' kept on this machine'];
    case 'receive':
      return ['received', ` that ${source.host} builds`];
  }
}

const compileActions = (
  recipe: BuildRecipe,
  needs: readonly BuildNeed[],
  pack: Pack,
  source: BuildSource,
): readonly Action[] => [
  { do: source.kind === 'build' && source.fetch === true ? 'fetch' : 'upload', tarball: recipe.tarball },
  { do: 'configure', recipe, needs },
  { do: 'make', recipe },
  { do: 'pack-build', recipe, pack },
  { do: 'clean-build', recipe },
];

function reasonToBuild(
  { software, version, prefix, configure }: BuildRecipe,
  stamp: string,
  have: HostFacts,
  lower: string | null,
): string | null {
  const is = have.software[software];
  if (lower !== null) return `${software} is ${lower}, want ${version}, which is lower`;
  if (is === null) return `${software} is not installed under ${prefix}`;
  if (is.version !== version) return `${software} is ${is.version}, want ${version}`;
  if (is.stamp === stamp) return null;
  if (is.stamp === unfinishedStamp) return `${software} ${version} was only partly installed`;
  // A build made by hand with exactly these options is as good as ours.
  const missing = configure.filter((option) => !is.configure.includes(option));
  const extra = is.configure.filter((option) => !configure.includes(option));
  if (is.stamp === null && missing.length === 0 && extra.length === 0) return null;
  if (missing.length + extra.length === 0) return `${software} ${version} was built from another tarball`;
  const words = [
    ...(missing.length > 0 ? [`with ${missing.join(' ')}`] : []),
    ...(extra.length > 0 ? [`without ${extra.join(' ')}`] : []),
  ];
  return `other configure options: ${words.join(', ')}`;
}

/** A build made by hand, or by an older haup, has left the init script in the source tree. */
function withoutInit(
  { software, version, prefix }: BuildRecipe,
  needs: readonly BuildNeed[],
  { files }: HostFacts,
): string | null {
  if (!needs.some(({ feature }) => feature === initFeature)) return null;
  const { script, settings } = initSources(prefix);
  return [script, settings].every((path) => files[path]?.state === 'present')
    ? null
    : `${software} ${version} was installed without its init script`;
}

/** The version in use, where it is higher than the one wanted: a build's, or that of the package before it. */
function lowers({ software, version }: BuildRecipe, have: HostFacts): string | null {
  const packaged = have.services[software].active === 'active' ? have.packages[software] : undefined;
  const used = have.software[software]?.version ?? packaged;
  return used === undefined || atLeast(version, used) ? null : used;
}

/** Raised when older packs lack something: they are then built again. */
const packForm = 4;

/** Hosts of one platform can run each other's builds. */
const platformOf = ({ os, arch }: HostFacts): string => `${os.id} ${os.version || os.name} ${arch}`;

/** Every build of a plan once: who makes it, and who has it from there. */
export function buildsOf(made: Plan): readonly BuildReport[] {
  const found = new Map<string, Omit<BuildReport, 'receivedBy'> & { receivedBy: HostName[] }>();
  for (const { host, changes } of made.tracks.flat().flatMap((stage) => stage.work)) {
    for (const { kind, build } of changes) {
      if (build === undefined || kind !== 'install') continue;
      const { service, version, platform, key, role, from } = build;
      // A host that builds for itself alone shares its key with others that do.
      const builtOn = role === 'built' ? host : from;
      const place = `${key} ${builtOn ?? ''}`;
      const one = found.get(place) ?? { service, version, platform, key, builtOn, receivedBy: [] };
      if (role !== 'built') one.receivedBy.push(host);
      found.set(place, one);
    }
  }
  return [...found.values()];
}
