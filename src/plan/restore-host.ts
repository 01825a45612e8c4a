/** A state that a host has kept × how it is now → the changes that bring it back. Pure. */

import { hasSecrets } from '../base/masking.ts';
import type { FileWant } from '../model/desired.ts';
import { type Service, services } from '../model/domain.ts';
import type { HostFacts, SoftwareFacts } from '../model/facts.ts';
import { HaupError } from '../model/errors.ts';
import type { KeptPaths, KeptState } from '../model/kept-state.ts';
import type { Change } from '../model/plan.ts';
import { rebound } from '../base/sockets.ts';
import { type Socket } from '../model/socket.ts';
import { type HostDiff, listenersOf } from './diff-host.ts';
import { leftDrained } from '../cluster/can-drain.ts';
import { undrain } from './host-drain.ts';
import { diffConfig, diffUnit, removeUnit } from './file-changes.ts';
import { reopenFirewall } from './firewall-changes.ts';
import { diffInit } from './init-changes.ts';
import { giveBack } from './leftover.ts';
import { restoreStranger, strangerOf } from './restore-stranger.ts';
import { diffService } from './service-changes.ts';

/**
 * `bytes`: the files of the state. Configuration comes back where there was one; services stay enabled
 * and running. `socketsOf`: where nginx listens with such files. Throws COMMAND_FAILED when a program of the
 * state is needed and was not kept.
 */
export function restoreHost(
  state: KeptState,
  bytes: ReadonlyMap<string, Uint8Array>,
  have: HostFacts,
  socketsOf: (files: readonly FileWant[]) => readonly Socket[],
): HostDiff {
  const change: Change[] = [];
  const same: string[] = [];
  const put = (result: Change | string): boolean => {
    if (typeof result === 'string') same.push(result);
    else change.push(result);
    return typeof result !== 'string';
  };
  const restart = new Set<Service>();
  const reread = new Set<Service>(have.unread);
  const read = new Set<string>();
  const ran = services.flatMap((service) => state.services.find((paths) => paths.service === service) ?? []);
  for (const paths of ran) if (put(restoreBuild(paths, state, have))) restart.add(paths.service);
  const strange = services.filter((service) => strangerOf(state, service) !== undefined);
  const haups = state.services.filter(({ service }) => !strange.includes(service));
  for (const paths of haups) {
    // Before and after another way of installing, the configuration may be the same file.
    if (!read.has(paths.entry) && put(restoreConfig(paths, state, bytes, have))) reread.add(paths.service);
    read.add(paths.entry);
    if (put(restoreUnit(paths, state, bytes, have))) restart.add(paths.service);
  }
  // Once no unit of the same name is there: systemd makes one of an init script only then.
  for (const paths of haups) {
    for (const one of restoreInit(paths, state, bytes, have)) {
      change.push(one);
      restart.add(paths.service);
    }
  }
  for (const service of services) {
    const stranger = strangerOf(state, service);
    if (stranger !== undefined) {
      change.push(restoreStranger(service, stranger, state, bytes, have));
      continue;
    }
    const own = haups.filter((paths) => paths.service === service);
    if (own.length === 0) continue;
    const program = state.builds[service]?.software.path ?? null;
    const files = own.flatMap((paths) => configOf(paths, state, bytes));
    const sockets = service === 'nginx' ? socketsOf(files) : [];
    const moved = rebound(listenersOf(service, have), sockets);
    const touched = { reread, restart, program, rebound: moved, switched: own.length > 1 };
    put(diffService({ kind: 'service', service, enabled: true, running: true }, have, touched));
  }
  if (leftDrained(have))
    change.push({ ...undrain, why: 'it was drained when an apply was cut off, or a daemon stopped' });
  return { prepare: [], open: reopenFirewall(state.firewall ?? [], have), change, tidy: [], same };
}

/** What to ask a host for, beside what is always asked. */
export function restoredPaths(state: KeptState): {
  readonly files: readonly string[];
  readonly directories: readonly string[];
} {
  return {
    files: Object.keys(state.files),
    directories: [...new Set(state.services.flatMap(({ owns }) => owns))],
  };
}

function restoreBuild({ service, prefix }: KeptPaths, state: KeptState, have: HostFacts): Change | string {
  const kept = state.builds[service];
  const is = have.software[service];
  if (prefix === null && is === null) {
    throw new HaupError(
      'COMMAND_FAILED',
      `${service} of state ${state.number} was a package, which is not installed.`,
      {
        host: have.host,
        hint: 'Go back to another state (haup history), or apply the inventory of that time: it installs the package.',
      },
    );
  }
  if (kept === null) return `build: ${service} was none of haup's then, and stays as it is`;
  if (is !== null && sameBuild(kept.software, is))
    return `build: ${service} ${is.version} matches the saved state`;
  if (!kept.kept) {
    throw new HaupError(
      'COMMAND_FAILED',
      `${service} ${kept.software.version} of state ${state.number} was not kept.`,
      {
        host: have.host,
        hint: 'Go back to another state (haup history), or build it again: haup apply with the inventory of that time.',
      },
    );
  }
  const { version, configure } = kept.software;
  const words = (text: string, options: readonly string[]): readonly string[] =>
    options.length === 0 ? [] : [`${text} ${options.join(' ')}`];
  const now = is?.configure ?? [];
  const other = [
    ...words(
      'with',
      configure.filter((option) => !now.includes(option)),
    ),
    ...words(
      'without',
      now.filter((option) => !configure.includes(option)),
    ),
  ].join(', ');
  return {
    id: `install:${service}`,
    kind: 'install',
    service,
    title: `put ${service} ${version} back as it was`,
    why:
      is === null
        ? `${service} is not there`
        : is.version !== version
          ? `${service} is ${is.version}, it was ${version}`
          : `it was another build${other === '' ? '' : `, ${other}`}`,
    actions: [{ do: 'restore-build', service, state: state.number }],
    ...(is === null ? {} : { undo: [{ do: 'restore-build' as const, service, state: 'newest' as const }] }),
    diffs: [],
  };
}

const sameBuild = (a: SoftwareFacts, b: SoftwareFacts): boolean =>
  a.path === b.path &&
  a.version === b.version &&
  a.stamp === b.stamp &&
  a.configure.join() === b.configure.join();

function restoreConfig(
  paths: KeptPaths,
  state: KeptState,
  bytes: ReadonlyMap<string, Uint8Array>,
  have: HostFacts,
): Change | string {
  const { service, binary, entry, owns } = paths;
  // Nothing whole to go back to: a program can test and read a configuration only when there is one.
  if (state.files[entry]?.state !== 'present')
    return `config ${service}: there was none, and it stays as it is`;
  const set = { service, binary, entry, owns, files: configOf(paths, state, bytes) };
  const gone = configPaths(paths, state).filter((path) => state.files[path]?.state !== 'present');
  return diffConfig(set, have, { gone });
}

function configPaths({ entry, files, owns }: KeptPaths, state: KeptState): readonly string[] {
  const owned = Object.keys(state.files).filter((path) =>
    owns.some((directory) => path.startsWith(`${directory}/`)),
  );
  return [...new Set([entry, ...files, ...owned])];
}

const configOf = (
  paths: KeptPaths,
  state: KeptState,
  bytes: ReadonlyMap<string, Uint8Array>,
): readonly FileWant[] => configPaths(paths, state).flatMap((path) => wantOf(path, state, bytes));

function restoreUnit(
  { service, unit }: KeptPaths,
  state: KeptState,
  bytes: ReadonlyMap<string, Uint8Array>,
  have: HostFacts,
): Change | string {
  const [want] = wantOf(unit, state, bytes);
  return want === undefined ? removeUnit(service, unit, have) : diffUnit(service, want, have);
}

/** What was not haup's then goes, or becomes again what haup had found. */
function restoreInit(
  { service, init = [] }: KeptPaths,
  state: KeptState,
  bytes: ReadonlyMap<string, Uint8Array>,
  have: HostFacts,
): readonly Change[] {
  const files = init.flatMap(({ path, ours }) => (ours ? wantOf(path, state, bytes) : []));
  const back = diffInit({ kind: 'init', service, files }, have, false);
  const others = init.filter(({ path, ours }) => !ours && have.record.files.includes(path));
  const gone = giveBack(
    others.map(({ path }) => path),
    have,
  );
  return [...(typeof back === 'string' ? [] : [back]), ...(gone === null ? [] : [gone])];
}

function wantOf(path: string, state: KeptState, bytes: ReadonlyMap<string, Uint8Array>): readonly FileWant[] {
  const fact = state.files[path];
  const content = bytes.get(path);
  if (fact?.state !== 'present' || content === undefined) return [];
  const secret = hasSecrets(Buffer.from(content).toString('utf8'));
  return [{ path, bytes: content, mode: fact.mode, owner: fact.owner, secret }];
}
