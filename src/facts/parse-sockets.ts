/** What `ss -ltnp` says, whichever of its versions. */

import { type Service, services } from '../model/domain.ts';
import type { Listener } from '../model/socket.ts';

/** One more process on the host, and none for each socket. */
export const socketsScript = `printf 'sockets\\t%s\\n' "$(ss -ltnp 2>/dev/null | base64 -w0)"\n`;

/** `pids`: the main processes of services; all that a service listens on is theirs too. */
export function parseSockets(
  said: string,
  pids: Readonly<Partial<Record<Service, number>>>,
): readonly Listener[] {
  return said.split('\n').flatMap((line): Listener[] => {
    const [state, , , local = '', , ...rest] = line.trim().split(/\s+/);
    const place = /^(.*):(\d+)$/.exec(local);
    if (state !== 'LISTEN' || place === null) return [];
    const users = [...rest.join(' ').matchAll(/\("([^"]*)",pid=(\d+)/g)].map(([, program = '', pid]) => ({
      program,
      pid: Number(pid),
    }));
    const service = services.find((name) => users.some(({ pid }) => pid === pids[name])) ?? null;
    // Workers have it from their master, which is the oldest.
    const [owner = { program: '', pid: 0 }] = users.toSorted((a, b) => a.pid - b.pid);
    return [{ address: addressOf(place[1] ?? ''), port: Number(place[2]), ...owner, service }];
  });
}

/** `[::1]%lo` → `::1`. Before iproute2 4.15 `::` stood for both families. */
function addressOf(text: string): string {
  const address = text.replace(/%[^:\]]*/, '').replace(/^\[(.*)\]$/, '$1');
  return text === '::' ? '*' : address;
}
