/** Resource × fact → a change with its reason, or why nothing is to be done. Pure. */

import type { DesiredHost, Resource } from '../model/desired.ts';
import type { Service } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import { HaupError } from '../model/errors.ts';
import type { Change } from '../model/plan.ts';
import { rebound } from '../base/sockets.ts';
import { type Socket } from '../model/socket.ts';
import { diffBuild, type SourceOf } from './build-changes.ts';
import { leftDrained } from '../cluster/can-drain.ts';
import { undrain } from './host-drain.ts';
import { diffConfig, diffRepos, diffUnit, owns } from './file-changes.ts';
import { diffFirewall } from './firewall-changes.ts';
import { diffInit } from './init-changes.ts';
import { giveBack, leftoverBuilds, leftoverFiles, leftoverPackages } from './leftover.ts';
import { diffService } from './service-changes.ts';
import { anyPackageManager } from '../model/package-manager.ts';

export interface HostDiff {
  /** What clients do not notice: packages, users, compiling. Safe on all hosts at once. */
  readonly prepare: readonly Change[];
  /** What an active firewall must let through before a daemon needs it. */
  readonly open: readonly Change[];
  /** What a client could notice: programs and files of daemons, units, services. One host after the other. */
  readonly change: readonly Change[];
  /** What nothing uses any more once every host is changed and serves. */
  readonly tidy: readonly Change[];
  readonly same: readonly string[];
}

/** A change, or why there is none. */
type Finding = Change | string;
const isChange = (finding: Finding): finding is Change => typeof finding !== 'string';

type OfKind = <K extends Resource['kind']>(kind: K) => readonly Extract<Resource, { kind: K }>[];

export function diffHost(want: DesiredHost, have: HostFacts, sourceOf: SourceOf): HostDiff {
  const of: OfKind = (kind) =>
    want.resources.filter((one): one is Extract<Resource, { kind: typeof kind }> => one.kind === kind);
  const builds = of('build').map((build) => ({
    software: build.recipe.software,
    found: diffBuild(build, have, sourceOf),
  }));
  const firewalls = of('firewall').map((resource) => diffFirewall(resource, have));

  const prepare = preparing(of, have, builds);
  const change = changing(of, want, have, builds);
  const open = firewalls.map((firewall) => firewall.open);
  const tidy: readonly Finding[] = [
    ...leftoverBuilds(want, have),
    ...firewalls.flatMap(({ close }) => close ?? []),
    ...leftoverPackages(want, have),
  ];
  return {
    prepare: prepare.filter(isChange),
    open: open.filter(isChange),
    change: change.filter(isChange),
    tidy: tidy.filter(isChange),
    same: [...prepare, ...change, ...open, ...tidy].filter((finding) => typeof finding === 'string'),
  };
}

interface DiffedBuild {
  readonly software: Service;
  readonly found: ReturnType<typeof diffBuild>;
}

function preparing(of: OfKind, have: HostFacts, builds: readonly DiffedBuild[]): readonly Finding[] {
  const compiled = new Set(
    builds.flatMap(({ software, found }) =>
      typeof found === 'string' || found.build === null ? [] : [software],
    ),
  );
  // A package that only a build needs is not wanted for its own sake once the build is there.
  const needed = of('package').filter(({ for: purpose }) => purpose === 'run' || compiled.has(purpose));
  return [
    ...of('repos').map(({ files }) => diffRepos(files, have)),
    diffPackages([...new Set(needed.flatMap(({ names }) => names))], have),
    ...of('user').map(({ name }) => diffUser(name, have)),
    ...builds.flatMap(({ found }) => (typeof found === 'string' ? found : (found.build ?? []))),
  ];
}

function changing(
  of: OfKind,
  want: DesiredHost,
  have: HostFacts,
  builds: readonly DiffedBuild[],
): readonly Finding[] {
  const installs = builds.flatMap(({ software, found }) =>
    typeof found === 'string' ? [] : [{ service: software, found: found.install }],
  );
  const installed = changedServices(installs);
  // Between the plan and its writes a package brings its own files, which the plan cannot know.
  const arrives = (service: Service): boolean =>
    have.packages[service] === undefined && of('package').some(({ names }) => names.includes(service));
  const configs = of('config').map(({ set }) => ({
    service: set.service,
    found: diffConfig(set, have, { arrives: arrives(set.service) }),
  }));
  const units = of('unit').map(({ service, file }) => ({ service, found: diffUnit(service, file, have) }));
  const leftover = giveBack(
    [...leftoverFiles(want, have)].filter((path) => !of('config').some(({ set }) => owns(set, path))),
    have,
  );
  const inits = of('init').map((init) => ({
    service: init.service,
    found: diffInit(init, have, installed.has(init.service)),
  }));
  const reread = new Set([...have.unread, ...changedServices(configs)]);
  const restart = changedServices([...installs, ...units, ...inits]);
  const services = of('service').map((resource) => {
    const software = have.software[resource.service];
    return diffService(resource, have, {
      reread,
      restart,
      program: software?.program ?? software?.path ?? null,
      rebound: rebound(listenersOf(resource.service, have), resource.sockets ?? []),
      switched: leftover?.diffs.some(({ path }) => isUnit(path, resource.service)) ?? false,
    });
  });
  return [
    ...[...installs, ...configs, ...units].map(({ found }) => found),
    ...(leftover === null ? [] : [leftover]),
    // After a unit of the same name is gone: systemd makes one of an init script only then.
    ...inits.map(({ found }) => found),
    ...services,
    ...(leftDrained(have)
      ? [{ ...undrain, why: 'it was drained when an apply was cut off, or a daemon stopped' }]
      : []),
  ];
}

const changedServices = (
  findings: readonly { readonly service: Service; readonly found: Finding }[],
): ReadonlySet<Service> =>
  new Set(findings.flatMap(({ service, found }) => (isChange(found) ? [service] : [])));

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
      `The host has no ${anyPackageManager}, and lacks ${missing.join(', ')}.`,
      {
        host: have.host,
        hint: 'haup installs on Debian, Ubuntu, CentOS, Rocky and Alma; install these packages by hand elsewhere.',
      },
    );
  }
  return {
    id: 'packages',
    kind: 'packages',
    title: `install ${missing.length} package${missing.length === 1 ? '' : 's'} with ${manager}`,
    why: `not installed: ${missing.map((name) => withVersion(name, have)).join(', ')}`,
    actions: [{ do: 'install', manager, names: missing }],
    diffs: [],
  };
}

function withVersion(name: string, { offered = {} }: HostFacts): string {
  return offered[name] === undefined ? name : `${name} (${offered[name]})`;
}

function diffUser(name: string, have: HostFacts): Change | string {
  if (have.users.includes(name)) return `user ${name}: exists`;
  return {
    id: `user:${name}`,
    kind: 'user',
    title: `create user ${name}`,
    why: 'the user does not exist',
    actions: [{ do: 'create-user', name }],
    diffs: [],
  };
}

/** Where the service listens now. */
export const listenersOf = (service: Service, { listening = [] }: HostFacts): readonly Socket[] =>
  listening.filter((one) => one.service === service);

const isUnit = (path: string, service: Service): boolean =>
  path.startsWith(`/etc/systemd/system/${service}.service`);
