import type { NginxSoftware } from './domain.ts';

/** The path that every server of nginx answers with the host's name, and the header that carries it. */
export const probePath = '/haup/host';
export const probeHeader = 'x-haup-host';

/** The port on which a VIP is probed: the first that a site listens on (`80`, `*:8080 default_server`). */
export function probePort(nginx: NginxSoftware): number {
  const listen = nginx.sites.flatMap((site) => site.listen)[0] ?? '80';
  return Number(/(\d+)(?: .*)?$/.exec(listen)?.[1] ?? 80);
}
