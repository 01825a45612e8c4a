import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { type Clients, graceLeftOn, openClients } from './open-clients.ts';
import { fast, type OwnLab, ownLab } from './own-lab.ts';

/** A lab whose site is proxied, and that waits a minute for open connections when a VIP moves. */
export interface GraceLab extends Pick<OwnLab, 'lab' | 'inLab' | 'well' | 'fault'> {
  readonly vip: string;
  /** Of the lab, as a file. */
  readonly inventory: () => string;
  readonly clients: (vip: string, wanted: object) => Clients;
  /** Expects no rule, address, setting, record or timer of a grace on any host. */
  readonly nothingIsLeft: () => Promise<void>;
}

/** What is said when a VIP has moved. */
export const arrived = 'is held and answered by';

const hosts = ['keep_136', 'keep_137'] as const;

export function graceLab(name: string): GraceLab {
  const { lab, scratch, inventory, inLab, apply, well, fault } = ownLab(name);
  const { clients, serveApp, stop } = openClients(lab);
  let path = '';
  beforeAll(async () => {
    const server = await serveApp();
    writeFileSync(
      join(scratch, 'http2.conf'),
      `server { listen 8081 http2; location / { proxy_pass http://${server}; } }\n`,
    );
    path = inventory(fast, (it) => {
      it['grace'] = 60;
      // Debian's nginx speaks HTTP/2; the example's build does not.
      Object.assign(it.nginx, {
        from: 'package',
        worker_connections: 4096,
        sites: [
          { name: 'app', proxy: [server] },
          { name: 'http2', file: 'http2.conf' },
        ],
      });
    });
    await apply(path);
  });
  afterAll(stop);
  return {
    lab,
    vip: '192.168.160.161',
    inventory: () => path,
    inLab,
    well,
    fault,
    clients,
    nothingIsLeft: async () => {
      for (const host of hosts) expect(await graceLeftOn(lab, host), host).toBe('');
    },
  };
}
