/** What differs between the hosts of a rehearsal and the real ones. Pure. */

import type { HostComparison, HostDifference, HostStatus, StatusReport } from '../model/status-shape.ts';

/** One for each host of the lab, in its order. */
export function compareHosts(lab: StatusReport, real: StatusReport | null): readonly HostComparison[] {
  return lab.hosts.map(({ name, ...host }) => {
    const other = real?.hosts.find((one) => one.name === name);
    if (other?.reachable !== true) return { host: name, compared: false, differences: [] };
    return { host: name, compared: true, differences: differences(host, other) };
  });
}

type Known = Omit<HostStatus, 'name'>;

const traits: readonly (readonly [what: string, of: (host: Known) => string | null | undefined])[] = [
  ['system', ({ system }) => system?.os],
  ['kernel', ({ system }) => system?.kernel],
  ['processor', ({ system }) => system?.arch],
  ['virtual machine', ({ system }) => system && (system.virtual ? 'yes' : 'no')],
  ['keepalived', ({ keepalived }) => keepalived?.version],
  ['nginx', ({ nginx }) => nginx?.version],
];

const differences = (lab: Known, real: Known): readonly HostDifference[] =>
  traits.flatMap(([what, of]) => {
    const [here, there] = [of(lab) ?? null, of(real) ?? null];
    return here === there ? [] : [{ what, lab: here, real: there }];
  });
