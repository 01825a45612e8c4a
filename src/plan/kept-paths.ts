import type { DesiredHost, FileWant } from '../model/desired.ts';
import type { Service } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import { services } from '../model/domain.ts';
import type { KeptPaths } from '../model/kept-state.ts';
import { isOurs } from './stranger-daemons.ts';

/**
 * The files and programs that a host's changes may touch, what is there now before what is to come. None when
 * there is nothing to go back to. Pure.
 */
export function keptPaths(want: DesiredHost, have: HostFacts | undefined): readonly KeptPaths[] {
  if (have === undefined) return [];
  const wanted = wantedPaths(want, have);
  const left = services.flatMap((service) => [
    ...strangerPaths(service, have),
    ...leftPaths(service, wanted, have),
  ]);
  const something = wanted.some(
    ({ service, entry }) => have.files[entry]?.state === 'present' || have.software[service] !== null,
  );
  return something || left.length > 0 ? [...left, ...wanted] : [];
}

function wantedPaths(want: DesiredHost, { record }: HostFacts): readonly KeptPaths[] {
  const prefixes = new Map<Service, string>();
  const units = new Map<Service, string>();
  const inits = new Map<Service, KeptPaths['init']>();
  for (const resource of want.resources) {
    if (resource.kind === 'build') prefixes.set(resource.recipe.software, resource.recipe.prefix);
    if (resource.kind === 'unit') units.set(resource.service, resource.file.path);
    if (resource.kind === 'init') {
      const ours = ({ path }: FileWant) => ({ path, ours: record.files.includes(path) });
      inits.set(resource.service, resource.files.map(ours));
    }
  }
  return want.resources.flatMap((resource): KeptPaths[] => {
    if (resource.kind !== 'config') return [];
    const { service, binary, entry, files, owns } = resource.set;
    const prefix = prefixes.get(service) ?? null;
    const unit = units.get(service) ?? '';
    const init = inits.get(service);
    const paths = { service, binary, prefix, entry, files: files.map(({ path }) => path), owns, unit };
    return [init === undefined ? paths : { ...paths, init }];
  });
}

/** The paths of a state that a host goes back to, as they are now: who ran it then may not run it now. */
export function pathsNow(paths: readonly KeptPaths[], have: HostFacts): readonly KeptPaths[] {
  const runs = services.flatMap((service) => strangerPaths(service, have));
  const then = paths
    .toSorted((a, b) => Number(a.stranger !== undefined) - Number(b.stranger !== undefined))
    .map(({ stranger: _then, ...rest }) => rest);
  return [...runs, ...then];
}

/** How the service has run until now, without haup. */
const strangerPaths = (service: Service, have: HostFacts): readonly KeptPaths[] =>
  (have.running ?? []).flatMap((daemon) =>
    daemon.service !== service || daemon.unit === null || isOurs(have, daemon)
      ? []
      : [
          {
            service,
            binary: daemon.program.replace(/ \(deleted\)$/, ''),
            prefix: null,
            entry: daemon.entry,
            files: daemon.files,
            owns: [],
            unit: daemon.unitPath,
            stranger: { unit: daemon.unit, enabled: daemon.enabled },
          },
        ],
  );

/** How haup installed the service until now, where it is to be installed otherwise: from source or elsewhere. */
function leftPaths(service: Service, wanted: readonly KeptPaths[], have: HostFacts): readonly KeptPaths[] {
  const next = wanted.find((paths) => paths.service === service);
  if (next === undefined) return [];
  const files = have.record.files.filter((path) => !wanted.some((paths) => isOf(paths, path)));
  const build = have.record.builds.find((one) => one.service === service && one.prefix !== next.prefix);
  const unit = files.find((path) => path.startsWith(`/etc/systemd/system/${service}.service`));
  if (build === undefined && unit === undefined) return [];
  const init = files.filter(
    (path) => /^\/etc\/(init\.d|sysconfig)\//.test(path) && path.endsWith(`/${service}`),
  );
  // The same build, registered in another way.
  const same = have.record.builds.some((one) => one.service === service && one.prefix === next.prefix);
  const entry = files.find((path) => path.endsWith(`/${service}.conf`)) ?? next.entry;
  const program = have.services[service].program.replace(/ \(deleted\)$/, '');
  const own =
    entry === next.entry ? [] : files.filter((path) => path.startsWith(entry.replace(/[^/]+$/, '')));
  return [
    {
      service,
      binary: program === '' ? next.binary : program,
      prefix: build?.prefix ?? (same ? next.prefix : null),
      entry,
      files: entry === next.entry ? next.files : own,
      owns: entry === next.entry ? next.owns : [],
      unit: unit ?? next.unit,
      ...(init.length === 0 ? {} : { init: init.map((path) => ({ path, ours: true })) }),
    },
  ];
}

const isOf = ({ files, entry, unit, init = [] }: KeptPaths, path: string): boolean =>
  path === entry || path === unit || files.includes(path) || init.some((one) => one.path === path);
