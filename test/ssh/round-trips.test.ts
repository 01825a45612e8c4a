/** How many commands a host is given, each a round trip. */

import { expect, test } from 'vitest';
import { gather } from '../../src/facts/gather.ts';
import { keptStatesOf } from '../../src/facts/kept-states.ts';
import { statusRequest } from '../../src/desired/facts-request.ts';
import type { Host } from '../../src/model/host.ts';
import { shares } from '../../src/ssh/shares.ts';
import { sshHost } from '../../src/ssh/ssh-host.ts';
import type { Connection } from '../../src/ssh/transport.ts';
import { exampleInventory } from '../fakes/example.ts';
import { never } from './spec.ts';

/** A host whose every command ends well and prints this, and how many it was given. */
function counting(printed: string): { readonly host: Host; readonly commands: () => number } {
  let commands = 0;
  const connection: Connection = {
    host: 'keep_136',
    user: 'root',
    run: async () => {
      commands += 1;
      return { code: 0, stdout: Buffer.from(printed), stderr: Buffer.alloc(0) };
    },
    lines: () => {
      throw new Error('not looked at');
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  const store = { tarball: () => new Uint8Array(), pack: () => new Uint8Array() };
  return { host: sshHost(connection, store, shares()), commands: () => commands };
}
const noFiles = 'files\t0\n444 root:root 0 1000\nend\n';

test('facts take one, whatever is asked for', async () => {
  const { host, commands } = counting(noFiles);
  const files = Array.from({ length: 40 }, (_, n) => `/etc/nginx/haup.d/site-${n}.conf`);
  const all = { files, firewall: true, listening: true, running: true, offers: ['nginx'] };
  await gather(host, { ...statusRequest(exampleInventory()), ...all }, never);
  expect(commands()).toBe(1);
});

test('the history of a host takes one', async () => {
  const { host, commands } = counting('end\n');
  await keptStatesOf(host, never);
  expect(commands()).toBe(1);
});

test('a set of files takes one, however many they are: its test by the daemon, the verdict, and the swap', async () => {
  const { host, commands } = counting('');
  const files = Array.from({ length: 40 }, (_, n) => ({
    path: `/etc/nginx/haup.d/site-${n}.conf`,
    bytes: Buffer.from('server { }\n'),
    mode: 0o644,
    owner: 'root:root',
    secret: false,
    expect: 'absent' as const,
  }));
  const entry = '/etc/nginx/nginx.conf';
  await host.act(
    { do: 'write', service: 'nginx', binary: '/usr/sbin/nginx', entry, files, testing: files },
    never,
  );
  expect(commands()).toBe(1);
});
