/** The switch of a lab: a bridge in its own network namespace. */

import { readdir } from 'node:fs/promises';
import { HaupError } from '../model/errors.ts';
import type { LabSpec } from './names.ts';
import { portName, switchAddress, switchNamespace } from './names.ts';
import { lastLines, run } from './process.ts';

/** Makes the switch, or completes a half-made one. */
export async function makeSwitch(spec: LabSpec, signal: AbortSignal): Promise<void> {
  const namespace = switchNamespace(spec.name);
  const address = switchAddress(spec);
  const inside = ['-n', namespace];
  if ((await run('ip', [...inside, 'link', 'show', 'lo'], { signal })).code !== 0) {
    // An `ip netns add` that was killed, or a reboot of the machine, can leave the name behind.
    await deleteNamespace(namespace);
    await ip(['netns', 'add', namespace], '', signal);
  }
  const there = await run('ip', [...inside, 'link', 'show', 'br0'], { signal });
  if (there.code !== 0) {
    await ip(
      [...inside, 'link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0', 'mcast_snooping', '0'],
      '',
      signal,
    );
  }
  const addresses = await run('ip', [...inside, '-o', '-4', 'address', 'show', 'dev', 'br0'], { signal });
  if (!addresses.stdout.includes(` ${address}/24 `)) {
    await ip(
      [...inside, '-batch', '-'],
      `address flush dev br0\naddress add ${address}/24 broadcast + dev br0\n`,
      signal,
    );
  }
  await ip([...inside, '-batch', '-'], 'link set lo up\nlink set br0 up\n', signal);
}

/** The state of each host's cable at the switch: up, down, or unplugged. */
export type LinkState = 'up' | 'down' | 'unplugged';

export async function linkStates(spec: LabSpec): Promise<ReadonlyMap<string, LinkState>> {
  const ran = await run('ip', ['-n', switchNamespace(spec.name), '-o', 'link', 'show']);
  const flags = new Map<string, string>();
  for (const match of ran.stdout.matchAll(/^\d+: ([^:@]+)[^<]*<([^>]*)>/gm))
    flags.set(match[1] ?? '', match[2] ?? '');
  return new Map(
    spec.hosts.map((host) => {
      const found = flags.get(portName(host.address));
      const state = found === undefined ? 'unplugged' : found.split(',').includes('UP') ? 'up' : 'down';
      return [host.name, state];
    }),
  );
}

/** Pulls or plugs a host's cable at the switch. */
export async function setLink(
  lab: string,
  address: string,
  state: 'up' | 'down',
  signal: AbortSignal,
): Promise<void> {
  await ip(['-n', switchNamespace(lab), 'link', 'set', portName(address), state], '', signal);
}

/** Every named network namespace of this machine. */
export async function namespaces(): Promise<readonly string[]> {
  return readdir('/run/netns').catch(() => []);
}

export async function deleteNamespace(name: string): Promise<void> {
  await run('ip', ['netns', 'delete', name]);
}

async function ip(args: readonly string[], input: string, signal: AbortSignal): Promise<void> {
  const ran = await run('ip', args, { input, signal });
  if (ran.code === 0) return;
  const words = `ip ${args.join(' ')}`;
  const missing = /Operation not supported|Unknown device type|Operation not permitted|Not supported/i.test(
    ran.stderr,
  );
  throw new HaupError(
    missing ? 'LAB_UNSUPPORTED' : 'LAB_FAILED',
    missing ? `This machine cannot make the network of a lab: ${words} was refused.` : `${words} failed.`,
    {
      hint: missing
        ? 'The kernel must have network namespaces, bridge and veth, and a container must be privileged.'
        : undefined,
      detail: lastLines(ran.stderr),
    },
  );
}
