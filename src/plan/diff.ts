/** Resource × fact → a change with its reason, or why nothing is to be done. Pure. */

import { createHash } from 'node:crypto';
import type {
  BuildRecipe,
  ConfigSet,
  DesiredHost,
  FileFact,
  FileWant,
  HostFacts,
  HostName,
  Resource,
  Service,
} from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import { unfinishedStamp } from '../model/layout.ts';
import type { Action, Change, FileWrite, Pack, TextDiff } from '../model/plan.ts';
import { atLeast } from '../model/version.ts';
import { giveBack, leftoverBuilds, leftoverFiles, leftoverPackages } from './leftover.ts';

export interface HostDiff {
  /** What serves nobody differently: packages, users, builds. Safe on all hosts at once. */
  readonly prepare: readonly Change[];
  /** What a client could notice: files that daemons read, units, services. One host after the other. */
  readonly change: readonly Change[];
  /** What nothing uses any more once every host is changed and serves. */
  readonly tidy: readonly Change[];
  readonly same: readonly string[];
}

/** Where a host gets a build from: it builds itself, receives what another host builds, or what haup kept. */
export type BuildSource =
  | { readonly kind: 'build' }
  | { readonly kind: 'cache' }
  | { readonly kind: 'receive'; readonly host: HostName };

/** By the key of a pack; asked once for each build that a host needs. */
export type SourceOf = (key: string) => BuildSource;

export function diffHost(want: DesiredHost, have: HostFacts, sourceOf: SourceOf): HostDiff {
  const prepare: Change[] = [];
  const change: Change[] = [];
  const same: string[] = [];
  const put = (list: Change[], result: Change | string): boolean => {
    if (typeof result === 'string') same.push(result);
    else list.push(result);
    return typeof result !== 'string';
  };
  const of = <K extends Resource['kind']>(kind: K): Extract<Resource, { kind: K }>[] =>
    want.resources.filter((r): r is Extract<Resource, { kind: K }> => r.kind === kind);

  const rebuilt = new Set<Service>();
  const builds = of('build').map(({ recipe }) => ({ recipe, result: diffBuild(recipe, have, sourceOf) }));
  const compiled = new Set<Service>();
  for (const { recipe, result } of builds) {
    if (typeof result === 'string') continue;
    rebuilt.add(recipe.software);
    if (result.actions.some((action) => action.do === 'make')) compiled.add(recipe.software);
  }

  // A package that only a build needs is not wanted for its own sake once the build is there.
  const needed = of('package').filter(({ for: purpose }) => purpose === 'run' || compiled.has(purpose));
  put(prepare, diffPackages([...new Set(needed.flatMap(({ names }) => names))], have));
  for (const { name } of of('user')) put(prepare, diffUser(name, have));
  for (const { result } of builds) put(prepare, result);

  // Between the plan and its writes a package brings its own files, which the plan cannot know.
  const arrives = (service: Service): boolean =>
    have.packages[service] === undefined && of('package').some(({ names }) => names.includes(service));
  const reread = new Set<Service>(have.unread);
  for (const { set } of of('config'))
    if (put(change, diffConfig(set, have, arrives(set.service)))) reread.add(set.service);
  const restart = new Set(rebuilt);
  for (const { service, file } of of('unit'))
    if (put(change, diffUnit(service, file, have))) restart.add(service);
  const leftover = giveBack(
    [...leftoverFiles(want, have)].filter((path) => !of('config').some(({ set }) => owns(set, path))),
    have,
  );
  if (leftover !== null) change.push(leftover);
  for (const resource of of('service')) {
    const software = have.software[resource.service];
    put(
      change,
      diffService(resource, have, {
        reread,
        restart,
        program: software?.program ?? software?.path ?? null,
        switched: leftover !== null && leftover.diffs.some(({ path }) => isUnit(path, resource.service)),
      }),
    );
  }
  const tidy = [...leftoverBuilds(want, have)];
  for (const result of leftoverPackages(want, have)) put(tidy, result);
  return { prepare, change, tidy, same };
}

function diffPackages(names: readonly string[], have: HostFacts): Change | string {
  const missing = names.filter((name) => have.packages[name] === undefined);
  if (missing.length === 0) {
    return names.length === 0
      ? 'packages: none are needed'
      : `packages: ${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} installed`;
  }
  const manager = have.packageManager;
  if (manager === null) {
    throw new HaupError(
      'HOST_UNSUPPORTED',
      `The host has no apt-get, dnf or yum, and lacks ${missing.join(', ')}.`,
      {
        host: have.host,
        hint: 'haup installs on Debian, Ubuntu, CentOS, Rocky and Alma; install these packages by hand elsewhere.',
      },
    );
  }
  return {
    id: 'packages',
    title: `install ${missing.length} package${missing.length === 1 ? '' : 's'} with ${manager}`,
    why: `not installed: ${missing.join(', ')}`,
    actions: [{ do: 'install', manager, names: missing }],
    diffs: [],
  };
}

function diffUser(name: string, have: HostFacts): Change | string {
  if (have.users.includes(name)) return `user ${name}: exists`;
  return {
    id: `user:${name}`,
    title: `create user ${name}`,
    why: 'the user does not exist',
    actions: [{ do: 'create-user', name }],
    diffs: [],
  };
}

/** The digest of a recipe, left with a finished build: equal digests mean that nothing is to be built. */
export function recipeDigest(recipe: BuildRecipe): string {
  const { software, version, prefix, configure, tarball } = recipe;
  return createHash('sha256')
    .update(JSON.stringify([software, version, prefix, configure, tarball.sha256]))
    .digest('hex');
}

function diffBuild(recipe: BuildRecipe, have: HostFacts, sourceOf: SourceOf): Change | string {
  const { software, version, configure } = recipe;
  const is = have.software[software];
  const stamp = recipeDigest(recipe);
  const lower = lowers(recipe, have);
  const downgrade = lower === null ? {} : { downgrade: { software, from: lower, to: version } };
  const why = ((): string | null => {
    if (lower !== null) return `${software} is ${lower}, wanted is ${version}, which is lower`;
    if (is === null) return `${software} is not installed under ${recipe.prefix}`;
    if (is.version !== version) return `${software} is ${is.version}, wanted is ${version}`;
    if (is.stamp === stamp) return null;
    if (is.stamp === unfinishedStamp) return `${software} ${version} was not put in place to the end`;
    // A build that somebody made by hand with the very options that are wanted is as good as ours.
    const missing = configure.filter((option) => !is.configure.includes(option));
    const extra = is.configure.filter((option) => !configure.includes(option));
    if (is.stamp === null && missing.length === 0 && extra.length === 0) return null;
    if (missing.length + extra.length === 0) return `${software} ${version} was built from another tarball`;
    return `configure options differ:${missing.map((o) => ` +${o}`).join('')}${extra.map((o) => ` -${o}`).join('')}`;
  })();
  if (why === null) return `build: ${software} ${version} is installed with the options wanted`;
  const pack: Pack = {
    key: createHash('sha256')
      .update(`${stamp} ${platformOf(have)}`)
      .digest('hex'),
    stamp,
    manager: have.packageManager,
  };
  const source = sourceOf(pack.key);
  const place = (from: 'host' | 'haup'): Action => ({ do: 'place-build', recipe, pack, from });
  if (source.kind !== 'build') {
    const from = source.kind === 'receive' ? `that ${source.host} builds` : 'kept on this machine';
    return {
      id: `build:${software}`,
      title: `install ${software} ${version} ${from}`,
      why,
      actions: [place('haup'), { do: 'clean-build', recipe }],
      ...downgrade,
      diffs: [],
    };
  }
  return {
    id: `build:${software}`,
    title: `build ${software} ${version}`,
    why,
    actions: [
      { do: 'upload', tarball: recipe.tarball },
      { do: 'configure', recipe },
      { do: 'make', recipe },
      { do: 'pack-build', recipe, pack },
      place('host'),
      { do: 'clean-build', recipe },
    ],
    ...downgrade,
    diffs: [],
  };
}

/** The version in use, where it is higher than the one wanted: a build's, or that of the package before it. */
function lowers({ software, version }: BuildRecipe, have: HostFacts): string | null {
  const packaged = have.services[software].active === 'active' ? have.packages[software] : undefined;
  const used = have.software[software]?.version ?? packaged;
  return used === undefined || atLeast(version, used) ? null : used;
}

/** Hosts of one platform can run each other's builds. */
const platformOf = ({ os, arch }: HostFacts): string => `${os.id} ${os.version || os.name} ${arch}`;

const owns = (set: ConfigSet, path: string): boolean =>
  set.owns.some((directory) => path.startsWith(`${directory}/`));

const isUnit = (path: string, service: Service): boolean =>
  path.startsWith(`/etc/systemd/system/${service}.service`);

function diffConfig(set: ConfigSet, have: HostFacts, arrives: boolean): Change | string {
  const wanted = new Set(set.files.map((file) => file.path));
  const stray = Object.entries(have.files).filter(([path]) => !wanted.has(path) && owns(set, path));
  const differing = set.files.filter((file) => !equal(file, have.files[file.path]));
  if (differing.length + stray.length === 0) {
    return `config ${set.service}: ${set.files.length} files are as wanted`;
  }
  const writes: FileWrite[] = [
    ...differing.map((file): FileWrite => {
      const expect = digestOf(have.files[file.path]);
      return { ...file, expect: arrives && expect === 'absent' ? 'any' : expect };
    }),
    ...stray.map(
      ([path, fact]): FileWrite => ({
        path,
        bytes: 'absent',
        mode: 0,
        owner: 'root:root',
        secret: false,
        expect: digestOf(fact),
      }),
    ),
  ];
  const reasons = [
    ...differing.map((file) => `${file.path} ${reason(file, have.files[file.path])}`),
    ...stray.map(([path]) => `${path} is not wanted any more`),
  ];
  return {
    id: `config:${set.service}`,
    title: `write the ${set.service} configuration`,
    why: reasons.join('; '),
    actions: [
      {
        do: 'write',
        service: set.service,
        binary: set.binary,
        entry: set.entry,
        files: writes,
        testing: set.files,
      },
    ],
    undo: putBack(set, writes, have),
    diffs: [
      ...differing.map((file) => textDiff(file, have.files[file.path])),
      ...stray.map(
        ([path, fact]): TextDiff => ({
          path,
          before: fact.state === 'present' ? fact.text : null,
          after: null,
        }),
      ),
    ],
  };
}

/**
 * The writes that bring back the files as they were. Empty when one of them is too large to have been
 * read, or when there was no configuration before: then there is nothing whole to go back to.
 */
function putBack(set: ConfigSet, writes: readonly FileWrite[], have: HostFacts): readonly Action[] {
  if (have.files[set.entry]?.state !== 'present') return [];
  const files: FileWrite[] = [];
  for (const write of writes) {
    const fact = have.files[write.path];
    const expect = write.bytes === 'absent' ? 'absent' : sha256(write.bytes);
    if (fact?.state !== 'present') files.push({ ...write, bytes: 'absent', expect });
    else if (fact.text === null) return [];
    else
      files.push({
        ...write,
        bytes: Buffer.from(fact.text, 'utf8'),
        mode: fact.mode,
        owner: fact.owner,
        expect,
      });
  }
  const kept = set.files.filter((file) => !writes.some(({ path }) => path === file.path));
  const before = files.flatMap((file) => (file.bytes === 'absent' ? [] : [{ ...file, bytes: file.bytes }]));
  return [
    {
      do: 'write',
      service: set.service,
      binary: set.binary,
      entry: set.entry,
      files,
      testing: [...kept, ...before],
    },
  ];
}

function diffUnit(service: Service, file: FileWant, have: HostFacts): Change | string {
  const fact = have.files[file.path];
  const unread = have.services[service].needsDaemonReload;
  if (equal(file, fact) && !unread) return `unit ${service}.service: as wanted`;
  return {
    id: `unit:${service}`,
    title: `register ${service}.service`,
    why: equal(file, fact) ? 'systemd has not read the unit file yet' : `${file.path} ${reason(file, fact)}`,
    actions: [{ do: 'write-unit', service, file: { ...file, expect: digestOf(fact) } }],
    ...(fact?.state === 'present' && fact.text !== null
      ? {
          undo: [
            {
              do: 'write-unit' as const,
              service,
              file: {
                ...file,
                bytes: Buffer.from(fact.text, 'utf8'),
                mode: fact.mode,
                owner: fact.owner,
                expect: sha256(file.bytes),
              },
            },
          ],
        }
      : {}),
    diffs: equal(file, fact) ? [] : [textDiff(file, fact)],
  };
}

interface Touched {
  readonly reread: ReadonlySet<Service>;
  readonly restart: ReadonlySet<Service>;
  /** The binary that should be running; null when there is none yet. */
  readonly program: string | null;
  /** Its unit of another kind goes, and with it what starts it at boot. */
  readonly switched: boolean;
}

function diffService(
  want: Extract<Resource, { kind: 'service' }>,
  have: HostFacts,
  touched: Touched,
): Change | string {
  const { service } = want;
  const is = have.services[service];
  const running = is.active === 'active' || is.active === 'reloading' || is.active === 'activating';
  const steps: { readonly verb: 'enable' | 'start' | 'restart' | 'reload'; readonly why: string }[] = [];
  if (want.enabled && (is.enabled !== 'enabled' || touched.switched))
    steps.push({
      verb: 'enable',
      why: is.enabled === 'enabled' ? 'another unit starts it' : 'it does not start at boot',
    });
  if (want.running) {
    if (!running)
      steps.push({
        verb: 'start',
        why: is.load === 'not-found' ? 'it is not registered yet' : `it is ${is.active}`,
      });
    else if (touched.restart.has(service)) steps.push({ verb: 'restart', why: 'its binary or unit changes' });
    // A program that was replaced under a running daemon reads as "… (deleted)".
    else if (touched.program !== null && is.program !== '' && is.program !== touched.program) {
      steps.push({ verb: 'restart', why: `it still runs ${is.program}` });
    } else if (touched.reread.has(service)) steps.push({ verb: 'reload', why: 'its configuration changes' });
  }
  if (steps.length === 0) return `service ${service}: enabled and running`;
  const found =
    have.record.services[service] === undefined
      ? { found: { active: running, enabled: is.enabled === 'enabled' } }
      : {};
  return {
    id: `service:${service}`,
    title: `${steps.map(({ verb }) => verb).join(' and ')} ${service}`,
    why: steps.map(({ why }) => why).join('; '),
    actions: steps.map(({ verb }): Action => ({ do: 'service', service, verb, ...found })),
    undo: steps.flatMap(({ verb }): Action[] =>
      verb === 'reload' || verb === 'restart' ? [{ do: 'service', service, verb }] : [],
    ),
    diffs: [],
  };
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const digestOf = (fact: FileFact | undefined): string => (fact?.state === 'present' ? fact.sha256 : 'absent');

const equal = (file: FileWant, fact: FileFact | undefined): boolean =>
  fact?.state === 'present' &&
  fact.sha256 === sha256(file.bytes) &&
  fact.mode === file.mode &&
  fact.owner === file.owner;

function reason(file: FileWant, fact: FileFact | undefined): string {
  if (fact?.state !== 'present') return 'does not exist';
  if (fact.sha256 !== sha256(file.bytes)) return 'differs';
  if (fact.mode !== file.mode) return `has mode ${fact.mode.toString(8)}, wanted is ${file.mode.toString(8)}`;
  return `belongs to ${fact.owner}, wanted is ${file.owner}`;
}

/** Lines of a keepalived.conf that hold a secret. */
const secretLine = /^(\s*auth_pass\s+).*$/gm;

function textDiff(file: FileWant, fact: FileFact | undefined): TextDiff {
  const before = fact?.state === 'present' ? fact.text : null;
  const after = Buffer.from(file.bytes).toString('utf8');
  if (!file.secret) return { path: file.path, before, after };
  const mask = (text: string): string => text.replace(secretLine, '$1***');
  const masked = { before: before === null ? null : mask(before), after: mask(after) };
  // The secret alone differs: say so, since the masked texts are equal.
  const note = before !== null && before !== after && masked.before === masked.after;
  return {
    path: file.path,
    before: masked.before,
    after: note ? `${masked.after}# (a masked value changes)\n` : masked.after,
  };
}
