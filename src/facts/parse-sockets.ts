/** What `ss -ltnp` prints, in any of its versions. */

import type { Listener } from '../model/socket.ts';
import { serviceOf, type Units } from './parse-services.ts';

/** The main process of a service listens wherever the service does. */
export function parseSockets(lines: readonly string[], units: Units): readonly Listener[] {
  return lines.flatMap((line): Listener[] => {
    const [state, , , local = '', , ...rest] = line.trim().split(/\s+/);
    const place = /^(.*):(\d+)$/.exec(local);
    if (state !== 'LISTEN' || place === null) return [];
    const users = [...rest.join(' ').matchAll(/\("([^"]*)",pid=(\d+)/g)].map(([, program = '', pid]) => ({
      program,
      pid: Number(pid),
    }));
    const service = users.map(({ pid }) => serviceOf(pid, units)).find((one) => one !== null) ?? null;
    // Workers inherit it from their master, which is the oldest.
    const [owner = { program: '', pid: 0 }] = users.toSorted((a, b) => a.pid - b.pid);
    return [{ address: addressOf(place[1] ?? ''), port: Number(place[2]), ...owner, service }];
  });
}

/** `[::1]%lo` → `::1`. Before iproute2 4.15 `::` stood for both families. */
function addressOf(text: string): string {
  const address = text.replace(/%[^:\]]*/, '').replace(/^\[(.*)\]$/, '$1');
  return text === '::' ? '*' : address;
}
