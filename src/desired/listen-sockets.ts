/** The sockets that nginx opens for its configuration. Pure. */

import type { FileWant } from '../model/desired.ts';
import type { HostFacts } from '../model/facts.ts';
import { HaupError } from '../model/errors.ts';
import { inTheWay, socketText } from '../base/sockets.ts';
import { type Socket } from '../model/socket.ts';
import { directives } from './server-block.ts';

/** TCP sockets; hosts named by a name are passed over, as only the host knows their address. */
export function socketsOf(files: readonly FileWant[]): readonly Socket[] {
  const found = files
    .filter(({ path }) => path.endsWith('.conf'))
    .flatMap(({ bytes }) => directives(Buffer.from(bytes).toString('utf8')))
    .flatMap(([name, where = '', ...parameters]) => (name === 'listen' ? sockets(where, parameters) : []));
  const unique = new Map(found.map((socket) => [socketText(socket), socket]));
  // One for all addresses of a port serves those that are named beside it.
  return [...unique.values()].filter(
    ({ address, port }) =>
      every.includes(address) ||
      !found.some((one) => one.port === port && one.address === (address.includes(':') ? '::' : '0.0.0.0')),
  );
}

const every: readonly string[] = ['*', '0.0.0.0', '::'];

function sockets(where: string, parameters: readonly string[]): readonly Socket[] {
  if (where.startsWith('unix:') || parameters.includes('quic') || parameters.includes('udp')) return [];
  const ports = /^(?:(.*):)?(\d+)(?:-(\d+))?$/.exec(where);
  // An address alone: its last group is no port.
  const alone = ports === null || /^\d+(\.\d+){3}$/.test(where) || where.endsWith(']');
  const address = addressOf(alone ? where : (ports[1] ?? '*'), parameters);
  if (address === null) return [];
  const first = alone ? 80 : Number(ports[2]);
  const last = alone ? 80 : Number(ports[3] ?? first);
  return Array.from({ length: Math.min(last - first, 1000) + 1 }, (_, at) => ({ address, port: first + at }));
}

function addressOf(text: string, parameters: readonly string[]): string | null {
  if (text === '*') return '0.0.0.0';
  if (text === 'localhost') return '127.0.0.1';
  if (/^\d+(\.\d+){3}$/.test(text)) return text;
  const inner = /^\[(.*)\]$/.exec(text)?.[1];
  if (inner === '::' && parameters.includes('ipv6only=off')) return '*';
  return inner ?? null;
}

/** Throws PORT_TAKEN when another program listens where nginx is to listen. */
export function refuseTakenPorts(
  wanted: readonly Socket[],
  { host, listening = [], running = [] }: HostFacts,
): void {
  // What becomes of another nginx is for the plan to say: it may be taken over.
  const isNginx = running.some(({ service }) => service === 'nginx');
  const others = listening.filter(({ program }) => !(isNginx && program === 'nginx'));
  const taken = inTheWay('nginx', wanted, others);
  const [first] = taken;
  if (first === undefined) return;
  const detail = taken.map(
    ({ socket, by }) =>
      `${socketText(socket)}: ${by.program === '' ? 'a program that could not be seen' : `${by.program} (process ${by.pid})`} listens on ${socketText(by)}`,
  );
  throw new HaupError(
    'PORT_TAKEN',
    `Another program has ${taken.length === 1 ? 'a port' : 'ports'} that nginx is to listen on.`,
    {
      host,
      hint: `Nothing was changed. Stop that program for good (${first.by.pid === 0 ? 'ss -ltnp' : `systemctl status ${first.by.pid}`} on the host says what started it), or let nginx listen elsewhere: nginx.sites.`,
      detail,
    },
  );
}
