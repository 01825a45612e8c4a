/** Where nginx listens and what it speaks there, read from its configuration. */

import type { NginxSoftware, Site } from '../model/domain.ts';
import { statements } from './nginx-text.ts';

/** One `listen` of one server. */
export interface Listen {
  /** Its values as they are written: `443 ssl`. */
  readonly text: string;
  /** An address without brackets or a name; `*`: every IPv4 address; `::`: every IPv6 address; null: a unix socket. */
  readonly address: string | null;
  readonly port: number;
  /** The last one of a range; else the same. */
  readonly lastPort: number;
  readonly parameters: readonly string[];
}

export interface Server {
  /** `stream`: TCP connections as they are. */
  readonly kind: 'http' | 'stream';
  readonly names: readonly string[];
  readonly listens: readonly Listen[];
  /** Takes no TLS connection (`ssl_reject_handshake`). */
  readonly rejects: boolean;
  /** Answers only who shows a certificate (`ssl_verify_client on`). */
  readonly wantsCertificate: boolean;
  /** Speaks TLS wherever it listens (`ssl on`, up to nginx 1.25). */
  readonly tls: boolean;
  /** It includes files that are not known here, and they may say anything. */
  readonly includes: boolean;
}

/** Null for what nginx could not read either. */
export function readListen(values: readonly string[]): Listen | null {
  const [where = '', ...parameters] = values;
  const rest = { text: values.join(' '), parameters };
  if (where.startsWith('unix:')) return { ...rest, address: null, port: 0, lastPort: 0 };
  const only = /^(\d+)(?:-(\d+))?$/.exec(where);
  const [, six, name, first, last] =
    only === null
      ? (/^(?:\[([\dA-Fa-f:.%]+)\]|([^:[\]/\s]+))(?::(\d+)(?:-(\d+))?)?$/.exec(where) ?? [null])
      : [where, undefined, '*', only[1], only[2]];
  const address = six ?? name;
  if (address === undefined) return null;
  const port = Number(first ?? 80);
  return {
    ...rest,
    address: address === '0.0.0.0' ? '*' : address,
    port,
    lastPort: Number(last ?? port),
  };
}

/** Whether who asks for this IPv4 address gets to that socket, by TCP. */
export function listensOn({ address, parameters }: Listen, wanted: string): boolean {
  if (parameters.includes('quic') || parameters.includes('udp')) return false;
  return address === '*' || address === wanted || (address === '::' && parameters.includes('ipv6only=off'));
}

/** Every `server` of a configuration, of the kind that the block around it says; in a file that `http` includes, http. */
export function readServers(text: string): readonly Server[] {
  const all = statements(text);
  return all
    .filter(({ block, words }) => block && words[0] === 'server')
    .map((server) => {
      const inside = all.filter(({ parent }) => parent === server);
      const around = all.filter(({ parent }) => parent === server.parent);
      const values = (name: string): readonly (readonly string[])[] =>
        inside.filter(({ words }) => words[0] === name).map(({ words }) => words.slice(1));
      /** Of the server, or inherited. */
      const setting = (name: string): string | undefined =>
        [...around, ...inside].findLast(({ words, block }) => !block && words[0] === name)?.words[1];
      const listens = values('listen').flatMap((one) => readListen(one) ?? []);
      const includes = values('include').length > 0;
      return {
        kind: server.parent?.words[0] === 'stream' ? 'stream' : 'http',
        names: values('server_name').flat(),
        listens: listens.length > 0 || includes ? listens : defaultListens,
        rejects: setting('ssl_reject_handshake') === 'on',
        wantsCertificate: setting('ssl_verify_client') === 'on',
        tls: setting('ssl') === 'on',
        includes,
      } as const;
    });
}

/** Of a server that says nothing. */
const defaultListens = ['80'].flatMap((one) => readListen([one]) ?? []);

/** What nginx will serve, site by site. */
export const serversOf = (nginx: Pick<NginxSoftware, 'sites'>): readonly (readonly Server[])[] =>
  nginx.sites.map(siteServers);

/** The servers of one site. A file has its own, or is the inside of one. */
export function siteServers({ serves, listen, serverNames }: Site): readonly Server[] {
  const listens = listen.flatMap((one) => readListen(one.split(' ')) ?? []);
  if (serves.kind === 'file') {
    const own = readServers(serves.text);
    if (own.length > 0) return own;
    return readServers(`server {\n${serves.text}\n}`).map((server) => ({
      ...server,
      names: [...serverNames, ...server.names],
      listens: [...listens, ...server.listens.filter((one) => !defaultListens.includes(one))],
    }));
  }
  const plain = { rejects: false, wantsCertificate: false, tls: false, includes: false };
  return [{ kind: serves.kind === 'stream' ? 'stream' : 'http', names: serverNames, listens, ...plain }];
}

/** The ports that answer on some outer address by TCP, each once. */
export function openPorts(nginx: Pick<NginxSoftware, 'sites'>): readonly number[] {
  const found = new Set<number>();
  for (const listen of serversOf(nginx).flatMap((servers) => servers.flatMap(({ listens }) => listens))) {
    const { address, port, lastPort, parameters } = listen;
    if (address === null || /^(localhost$|127\.|::1$)/.test(address)) continue;
    if (parameters.includes('quic') || parameters.includes('udp')) continue;
    for (let one = port; one <= lastPort; one++) found.add(one);
  }
  return [...found];
}
