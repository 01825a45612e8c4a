/** What is asked to learn whether nginx answers: on the host itself, and at a VIP, by what the sites speak there. */

import type { NginxSoftware } from '../model/domain.ts';
import { type Listen, listensOn, type Server, serversOf } from './servers.ts';

/** The path that every server of nginx answers with the host's name, and the header that carries it. */
export const probePath = '/haup/host';
export const probeHeader = 'x-haup-host';

/**
 * How a VIP is asked.
 * `http`, `https`: GET /haup/host, answered with the name of the host.
 * `tls`: a handshake, which ends well or is refused by a TLS alert: no request gets through without a certificate.
 * `h2c`: HTTP/2 without TLS and without HTTP/1.1; answered by nginx's SETTINGS.
 * `tcp`: a connection, which goes on to an upstream.
 */
export interface Probe {
  readonly kind: 'http' | 'https' | 'tls' | 'h2c' | 'tcp';
  readonly port: number;
  /** The server's name, in TLS and in the Host header; null: the address. */
  readonly name: string | null;
  /** It wants to be told by the PROXY protocol who connects. */
  readonly proxy: boolean;
}

/** Whether an answer says which host gave it; else the kernels alone say who has the VIP. */
export const isNamed = ({ kind }: Probe): boolean => kind === 'http' || kind === 'https';

/** `HTTPS on port 443 for app.example.org`; what is not in words here is asked as it is everywhere. */
export function probeWords({ kind, port, name, proxy }: Probe): string {
  const what = {
    http: 'HTTP',
    https: 'HTTPS',
    tls: 'a TLS handshake',
    h2c: 'HTTP/2 without TLS',
    tcp: 'a TCP connection',
  }[kind];
  const named = name !== null && kind !== 'http' ? ` for ${name}` : '';
  return `${what} on port ${port}${named}${proxy ? ', behind a PROXY header' : ''}`;
}

/** How `address` is asked: by what names the host, where that can be had. */
export const probeOf = (nginx: Pick<NginxSoftware, 'sites'>, address: string): Probe =>
  knownProbe(nginx, address) ?? { kind: 'http', port: 80, name: null, proxy: false };

/** The same of several configurations, each way once; those that do not listen there ask nothing. */
export function probesOf(
  [first, ...others]: readonly [Pick<NginxSoftware, 'sites'>, ...Pick<NginxSoftware, 'sites'>[]],
  address: string,
): readonly [Probe, ...Probe[]] {
  const wanted = probeOf(first, address);
  const before = others.flatMap((nginx) => knownProbe(nginx, address) ?? []);
  const ways = new Map(before.map((probe) => [probeWords(probe), probe]));
  ways.delete(probeWords(wanted));
  return [wanted, ...ways.values()];
}

/** Null: no site is known to listen there. */
export function knownProbe(nginx: Pick<NginxSoftware, 'sites'>, address: string): Probe | null {
  const sockets = new Map<string, Socket>();
  for (const server of serversOf(nginx).flat()) {
    for (const listen of server.listens.filter((one) => listensOn(one, address))) {
      const key = `${listen.address} ${listen.port}`;
      const socket = sockets.get(key) ?? { port: listen.port, servers: [] };
      sockets.set(key, { ...socket, servers: [...socket.servers, { server, listen }] });
    }
  }
  const probes = [...sockets.values()].map(probeSocket);
  return probes.toSorted((a, b) => rank(a) - rank(b))[0] ?? null;
}

/** All servers of one address and port: what one of them says of the socket holds for all. */
interface Socket {
  readonly port: number;
  readonly servers: readonly { readonly server: Server; readonly listen: Listen }[];
}

function probeSocket({ port, servers }: Socket): Probe {
  const has = (parameter: string): boolean =>
    servers.some(({ listen }) => listen.parameters.includes(parameter));
  const proxy = has('proxy_protocol');
  const tls = has('ssl') || servers.some(({ server }) => server.tls);
  const plain = { port, proxy, name: null };
  if (servers.some(({ server }) => server.kind === 'stream')) return { ...plain, kind: 'tcp' };
  if (!tls) return { ...plain, kind: has('http2') ? 'h2c' : 'http' };
  const byDefault =
    servers.find(({ listen }) => /^default(_server)?$/m.test(listen.parameters.join('\n'))) ?? servers[0];
  for (const one of servers) {
    if (one.server.rejects || one.server.wantsCertificate) continue;
    const name = usableName(one.server);
    if (name !== null || one === byDefault) return { ...plain, kind: 'https', name };
  }
  return {
    ...plain,
    kind: 'tls',
    name: servers.map(({ server }) => usableName(server)).find(Boolean) ?? null,
  };
}

/** A name that a client could ask for. */
function usableName({ names }: Server): string | null {
  const found = names.find((name) => /^(\*\.|\.)?[A-Za-z0-9][A-Za-z0-9_.-]*\.[A-Za-z0-9-]+$/.test(name));
  return found?.replace(/^\*\./, 'www.').replace(/^\./, '') ?? null;
}

const order: readonly Probe['kind'][] = ['http', 'https', 'tls', 'h2c', 'tcp'];
/** A PROXY header is written for haup's sake: without one is better. */
const rank = ({ kind, proxy }: Probe): number => 2 * order.indexOf(kind) + (proxy ? 1 : 0);
