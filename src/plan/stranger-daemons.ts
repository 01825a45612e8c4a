/** Daemons that haup did not put on a host, and what becomes of them when it changes the host. Pure. */

import { sha256 } from '../base/digest.ts';
import type { DesiredHost } from '../model/desired.ts';
import type { Service } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { HostFacts } from '../model/facts.ts';
import type { Action, FileWrite } from '../model/action.ts';
import type { Change } from '../model/plan.ts';
import type { RunningDaemon } from '../model/running.ts';
import type { HostDiff } from './diff-host.ts';
import { type ServerBlock, serverBlocks } from './running-sites.ts';

/** Haup wrote what it reads, or what starts it, or installed it. */
export const isOurs = ({ record }: HostFacts, { entry, service, unit }: RunningDaemon): boolean =>
  record.files.includes(entry) ||
  record.packages.includes(service) ||
  (unit === unitOf(service) && record.files.some((path) => path.startsWith(`/etc/systemd/system/${unit}`)));

export const unitOf = (service: Service): string => `${service}.service`;

const touches = ({ change }: Pick<HostDiff, 'change'>, service: Service): boolean =>
  change.some((one) => one.service === service && one.kind !== 'remove-unit');

/** Ports of listen directives: `80`, `[::]:80`, `192.0.2.1`. */
export const portsOf = (listens: readonly string[]): readonly string[] =>
  listens.flatMap((listen) => {
    if (listen.startsWith('unix:')) return [];
    if (/^\d+$/.test(listen)) return [listen];
    return [/:(\d+)$/.exec(listen)?.[1] ?? '80'];
  });

/** A second nginx on ports of its own goes on beside haup's. */
function inTheWay(daemon: RunningDaemon, want: DesiredHost, have: HostFacts): boolean {
  if (daemon.service === 'keepalived' || daemon.unit === unitOf('nginx')) return true;
  const wanted = want.resources.flatMap((one) =>
    one.kind === 'config' && one.set.service === 'nginx' ? one.set.files : [],
  );
  const ports = new Set(
    wanted
      .flatMap(({ bytes }) => serverBlocks(Buffer.from(bytes).toString('utf8')))
      .flatMap(({ listens }) => portsOf(listens)),
  );
  return sitesOf(daemon, have).some(({ listens }) => portsOf(listens).some((port) => ports.has(port)));
}

export const sitesOf = (
  { files }: RunningDaemon,
  have: HostFacts,
): readonly (ServerBlock & { readonly path: string })[] =>
  files.flatMap((path) => {
    const fact = have.files[path];
    return fact?.state === 'present' && fact.text !== null
      ? serverBlocks(fact.text).map((site) => ({ ...site, path }))
      : [];
  });

/** Daemons that haup did not install and that the changes end; `want`: what replaces them, null: unknown. */
export const takenOver = (
  diff: Pick<HostDiff, 'change'>,
  want: DesiredHost | null,
  have: HostFacts,
): readonly RunningDaemon[] =>
  (have.running ?? []).filter(
    (daemon) =>
      !isOurs(have, daemon) &&
      touches(diff, daemon.service) &&
      (want === null || inTheWay(daemon, want, have)),
  );

/**
 * The same changes, in which the daemons that end are stopped, and are back, with their files and units, when
 * the host is put back. Throws HOST_UNSUPPORTED for one that no unit runs: nothing could start it again.
 */
export function takingOver(diff: HostDiff, taken: readonly RunningDaemon[], have: HostFacts): HostDiff {
  const loose = taken.find(({ unit }) => unit === null);
  if (loose !== undefined) {
    throw new HaupError(
      'HOST_UNSUPPORTED',
      `${loose.program} runs with ${loose.entry}, and no unit of systemd runs it.`,
      {
        host: have.host,
        hint: `haup could not start it again if something failed. Register it as a unit, or stop it: then haup plan again. Nothing was changed.`,
      },
    );
  }
  const change = diff.change.flatMap((one): readonly Change[] => {
    const daemon = taken.find(({ service }) => one.service === service);
    if (daemon === undefined) return [one];
    const { service } = daemon;
    if (one.kind === 'config') return [{ ...one, undo: undoWrites(one, service, have) }];
    if (one.kind === 'unit' && one.undo === undefined)
      return [{ ...one, undo: [...ended(daemon), ...undoUnit(one)] }];
    if (one.kind !== 'service') return [one];
    const ending = taken.filter((other) => other.service === service && other.unit !== unitOf(service));
    const fresh = diff.change.some(
      (other) => other.kind === 'unit' && other.service === service && other.undo === undefined,
    );
    return [...ending.map((other) => retire(other)), restarting(one, daemon, fresh ? [] : ended(daemon))];
  });
  return { ...diff, change };
}

/** Haup's own unit ends while its file is there; one of that name that was there before starts anew. */
const ended = ({ service, unit }: RunningDaemon): readonly Action[] =>
  unit === unitOf(service)
    ? []
    : [
        { do: 'service', service, verb: 'stop' },
        { do: 'service', service, verb: 'disable' },
      ];

/** Ends a daemon that a unit of another name runs. */
const retire = ({ service, unit, enabled }: RunningDaemon): Change => ({
  id: `retire:${service}`,
  kind: 'retire',
  service,
  title: `stop and disable ${unit}`,
  why: `haup's ${service} takes its place`,
  actions: [{ do: 'retire', service, unit: unit ?? '', enabled }],
  undo: [{ do: 'revive', service, unit: unit ?? '', enabled }],
  diffs: [],
});

/** A reload does not understand a configuration that haup did not write: the daemon is restarted. */
function restarting(
  change: Change,
  { service, unit, enabled }: RunningDaemon,
  end: readonly Action[],
): Change {
  const again: Action[] = change.actions.map((action) =>
    action.do === 'service' && action.verb === 'reload' ? { ...action, verb: 'restart' } : action,
  );
  const back: readonly Action[] =
    unit === unitOf(service)
      ? [
          { do: 'service', service, verb: 'restart' },
          { do: 'revive', service, unit, enabled },
        ]
      : end;
  return {
    ...change,
    title: change.title.replace('reload', 'restart'),
    actions: again,
    undo: [...back, { do: 'disown', service, files: [] }],
  };
}

/** Without a test by haup's program: these files ran. */
function undoWrites({ actions }: Change, service: Service, have: HostFacts): readonly Action[] {
  const writes = actions.flatMap((action) => (action.do === 'write' ? action.files : []));
  const files = writes.map((file) => asBefore(file, have));
  const known = files.flatMap((file) => (file === null ? [] : [file]));
  if (known.length < files.length) return [];
  const paths = known.map(({ path }) => path);
  return [
    { do: 'put-files', files: known },
    { do: 'disown', service, files: paths },
  ];
}

/** Null: it could not be read whole. */
function asBefore(file: FileWrite, have: HostFacts): FileWrite | null {
  const fact = have.files[file.path];
  const was = { path: file.path, secret: true, expect: 'any' };
  if (fact?.state !== 'present') return { ...was, bytes: 'absent', mode: 0, owner: 'root:root' };
  const bytes = Buffer.from(fact.text ?? '', 'utf8');
  if (sha256(bytes) !== fact.sha256) return null;
  return { ...was, bytes, mode: fact.mode, owner: fact.owner };
}

const undoUnit = ({ actions }: Change): readonly Action[] =>
  actions.flatMap((action): readonly Action[] =>
    action.do === 'write-unit'
      ? [{ ...action, file: { ...action.file, bytes: 'absent', expect: 'any' } }]
      : [],
  );
