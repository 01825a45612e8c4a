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

export interface HostDiff {
  /** What serves nobody differently: packages, users, compiling. Safe on all hosts at once. */
  readonly prepare: readonly Change[];
  /** What an active firewall must let through before a daemon needs it. */
  readonly open: readonly Change[];
  /** What a client could notice: programs and files of daemons, units, services. One host after the other. */
  readonly change: readonly Change[];
  /** What nothing uses any more once every host is changed and serves. */
  readonly tidy: readonly Change[];
  readonly same: readonly string[];
}

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

  const builds = of('build').map((build) => ({
    recipe: build.recipe,
    result: diffBuild(build, have, sourceOf),
  }));
  const compiled = new Set<Service>();
  for (const { recipe, result } of builds) {
    if (typeof result !== 'string' && result.build !== null) compiled.add(recipe.software);
  }

  // A package that only a build needs is not wanted for its own sake once the build is there.
  const needed = of('package').filter(({ for: purpose }) => purpose === 'run' || compiled.has(purpose));
  for (const { files } of of('repos')) prepare.push(diffRepos(files, have));
  put(prepare, diffPackages([...new Set(needed.flatMap(({ names }) => names))], have));
  for (const { name } of of('user')) put(prepare, diffUser(name, have));

  const restart = new Set<Service>();
  for (const { recipe, result } of builds) {
    if (typeof result === 'string') {
      same.push(result);
      continue;
    }
    if (result.build !== null) prepare.push(result.build);
    change.push(result.install);
    restart.add(recipe.software);
  }
  const comesAnew: ReadonlySet<Service> = new Set(restart);
  // Between the plan and its writes a package brings its own files, which the plan cannot know.
  const arrives = (service: Service): boolean =>
    have.packages[service] === undefined && of('package').some(({ names }) => names.includes(service));
  const reread = new Set<Service>(have.unread);
  for (const { set } of of('config'))
    if (put(change, diffConfig(set, have, { arrives: arrives(set.service) }))) reread.add(set.service);
  for (const { service, file } of of('unit'))
    if (put(change, diffUnit(service, file, have))) restart.add(service);
  const leftover = giveBack(
    [...leftoverFiles(want, have)].filter((path) => !of('config').some(({ set }) => owns(set, path))),
    have,
  );
  if (leftover !== null) change.push(leftover);
  // After a unit of the same name is gone: systemd makes one of an init script only then.
  for (const init of of('init'))
    if (put(change, diffInit(init, have, comesAnew.has(init.service)))) restart.add(init.service);
  for (const resource of of('service')) {
    const software = have.software[resource.service];
    put(
      change,
      diffService(resource, have, {
        reread,
        restart,
        program: software?.program ?? software?.path ?? null,
        rebound: rebound(listenersOf(resource.service, have), resource.sockets ?? []),
        switched: leftover !== null && leftover.diffs.some(({ path }) => isUnit(path, resource.service)),
      }),
    );
  }
  if (leftDrained(have))
    change.push({ ...undrain, why: 'it was drained when an apply was cut off, or a daemon stopped' });
  const open: Change[] = [];
  const tidy = [...leftoverBuilds(want, have)];
  for (const resource of of('firewall')) {
    const diff = diffFirewall(resource, have);
    put(open, diff.open);
    if (diff.close !== null) tidy.push(diff.close);
  }
  for (const result of leftoverPackages(want, have)) put(tidy, result);
  return { prepare, open, change, tidy, same };
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
