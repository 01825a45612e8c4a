/** Debian's packages → RPM packages, and the spec that rpmbuild makes them from. Pure. */

import type { Stanza } from './deb822.ts';
import type { Amendment } from './rpm-names.ts';
import type { OwnPackage } from './rpm-own.ts';

/** The working directory of the conversion, inside the image; removed afterwards. */
export const workshop = '/srv/haup/rpm';

export interface RpmPackage {
  readonly name: string;
  readonly version: string;
  readonly release: string;
  readonly summary: string;
  readonly requires: readonly string[];
  readonly provides: readonly string[];
  /** True: installed on every host; false: available in the repository. */
  readonly installed: boolean;
  /** The Debian packages that it is made of: file names in the pool, or names that dpkg knows. */
  readonly members: readonly string[];
}

interface DebPackage {
  readonly name: string;
  readonly version: string;
  readonly summary: string;
  /** Each needs one of several. */
  readonly depends: readonly (readonly string[])[];
  readonly provides: readonly string[];
  readonly file: string | null;
}

export interface RpmWorld {
  /** Name of an RPM package → patterns of the Debian packages in it. */
  readonly names: Readonly<Record<string, readonly string[]>>;
  readonly amendments: Readonly<Record<string, Amendment>>;
  /** Packages that are not made from Debian's. */
  readonly own: Readonly<Record<string, OwnPackage>>;
  /** Patterns of Debian packages that are left out. */
  readonly without: readonly string[];
}

/**
 * @param installed dpkg's list of the image, its `status`
 * @param pool the index of what hosts can install, with the file name of each
 */
export function rpmPackages(
  installed: readonly Stanza[],
  pool: readonly Stanza[],
  world: RpmWorld,
): readonly RpmPackage[] {
  const left = matcher(world.without);
  const here = present(installed).filter(({ name }) => !left(name));
  const all = [...here, ...pool.map(debPackage)];
  const groups = Object.entries(world.names).map(([name, patterns]) => group(name, patterns, all));
  const nameOf = new Map(all.map(({ name }) => [name, name]));
  for (const { name, members } of groups) for (const deb of members) nameOf.set(deb.name, name);
  const named = groups.filter(({ members }) => members.length > 0);
  const alone = all
    .filter((deb) => nameOf.get(deb.name) === deb.name && !named.some(({ name }) => name === deb.name))
    .map((deb) => ({ name: deb.name, members: [deb] }));
  const real = new Set(nameOf.values());
  const provider = new Map(
    all.flatMap((deb) => deb.provides.map((name) => [name, nameOf.get(deb.name) ?? deb.name])),
  );
  const made = [...named, ...alone].map(({ name, members }): RpmPackage => {
    const [first] = members;
    const amended = world.amendments[name];
    const depends = members.flatMap((deb) => deb.depends.flatMap((some) => oneOf(some, nameOf, provider)));
    const requires = new Set([...depends, ...(amended?.requires ?? []).filter((other) => real.has(other))]);
    requires.delete(name);
    return {
      name,
      ...versionAndRelease(first?.version ?? ''),
      summary: first?.summary ?? '',
      requires: [...requires].toSorted(),
      provides: amended?.provides ?? [],
      installed: first?.file === null,
      members: members.map((deb) => deb.file ?? deb.name),
    };
  });
  const own = Object.entries(world.own).map(
    ([name, { version, summary, requires }]): RpmPackage => ({
      name,
      version,
      release: '1',
      summary,
      requires,
      provides: [],
      installed: false,
      members: [],
    }),
  );
  return [...made.filter(({ name }) => world.own[name] === undefined), ...own];
}

/** Names of the installed Debian packages that become no RPM package. */
export const leftOut = (installed: readonly Stanza[], world: RpmWorld): readonly string[] =>
  present(installed)
    .map(({ name }) => name)
    .filter(matcher(world.without));

const present = (status: readonly Stanza[]): readonly DebPackage[] =>
  status.filter((stanza) => stanza.get('status') === 'install ok installed').map(debPackage);

/** A package is installed as a whole or not at all; members of the other kind keep their own names. */
function group(
  name: string,
  patterns: readonly string[],
  all: readonly DebPackage[],
): { readonly name: string; readonly members: readonly DebPackage[] } {
  const members = [
    ...new Set(patterns.flatMap((pattern) => all.filter((deb) => matcher([pattern])(deb.name)))),
  ];
  const waiting = members.filter(({ file }) => file !== null);
  const whole = waiting.length === members.length || waiting.some((deb) => deb.name === name);
  return { name, members: whole ? waiting : members.filter(({ file }) => file === null) };
}

const matcher = (patterns: readonly string[]): ((name: string) => boolean) => {
  const pattern = new RegExp(`^(?:${patterns.join('|')})$`);
  return (name) => pattern.test(name);
};

function debPackage(stanza: Stanza): DebPackage {
  const list = (field: string): readonly string[] =>
    (stanza.get(field) ?? '').split(',').filter((each) => each.trim() !== '');
  // `libc6:any (>= 2.36) [amd64]` → `libc6`
  const bare = (relation: string): string => /^\s*([^\s:([]*)/.exec(relation)?.[1] ?? '';
  return {
    name: stanza.get('package') ?? '',
    version: stanza.get('version') ?? '',
    summary: (stanza.get('description') ?? '').split('\n')[0] ?? '',
    depends: [...list('pre-depends'), ...list('depends')].map((some) => some.split('|').map(bare)),
    provides: list('provides').map(bare),
    file: stanza.get('filename')?.replace(/^\.\//, '') ?? null,
  };
}

/** The first that exists, under its RPM name; none when it was left out. */
function oneOf(
  names: readonly string[],
  nameOf: ReadonlyMap<string, string>,
  provider: ReadonlyMap<string, string>,
): readonly string[] {
  for (const known of [nameOf, provider]) {
    for (const name of names) {
      const found = known.get(name);
      if (found !== undefined) return [found];
    }
  }
  return [];
}

/** `2:8.39-15` → 8.39 and 15: RPM keeps them apart, and allows no hyphen in either. */
function versionAndRelease(version: string): { readonly version: string; readonly release: string } {
  const bare = version.replace(/^\d+:/, '');
  const at = bare.lastIndexOf('-');
  return at < 0
    ? { version: bare, release: '1' }
    : { version: bare.slice(0, at).replaceAll('-', '_'), release: bare.slice(at + 1) };
}

/** @param lists directory of the file lists, one per package, under its name */
export function specText(packages: readonly RpmPackage[], world: RpmWorld, lists: string): string {
  const literal = (text: string): string => text.replaceAll('%', '%%');
  const parts = packages.map(({ name, version, release, summary, requires, provides }) =>
    [
      `%package -n ${name}`,
      `Version: ${version}`,
      `Release: ${release}`,
      `Summary: ${literal(summary) || name}`,
      // Dependencies come from Debian, so rpmbuild must not guess any from the files.
      'AutoReqProv: no',
      ...provides.map((one) => `Provides: ${one}`),
      ...requires.map((one) => `Requires: ${one}`),
      `%description -n ${name}`,
      `${name}, for a lab.`,
      ...(world.amendments[name]?.scripts === undefined ? [] : [world.amendments[name].scripts]),
      `%files -n ${name} -f ${lists}/${name}`,
      '',
    ].join('\n'),
  );
  return `Name: haup-lab
Version: 1
Release: 1
Summary: Debian's packages under Red Hat's names
License: see each of Debian's packages
AutoReqProv: no
%description
Never built itself: each package below is.

${parts.join('\n')}`;
}
