import type { HostName, Service } from '../model/domain.ts';

/** The services of hosts that daemons of others run: until a host's turn, and from then on. */
export interface Strangers {
  readonly before: ReadonlyMap<HostName, readonly Service[]>;
  readonly after: ReadonlyMap<HostName, readonly Service[]>;
}

export const noStrangers: Strangers = { before: new Map(), after: new Map() };

/** The services of a host that are not haup's once the hosts in `changed` have changed. */
export const foreignServices = (
  { before, after }: Strangers,
  host: HostName,
  changed: ReadonlySet<HostName>,
): readonly Service[] => (changed.has(host) ? after : before).get(host) ?? [];

/** A keepalived of another configuration runs, before or after: meanwhile not all members hear each other. */
export const mixesKeepalived = (cluster: readonly HostName[], { before, after }: Strangers): boolean =>
  [before, after].some((one) => cluster.some((host) => one.get(host)?.includes('keepalived') === true));
