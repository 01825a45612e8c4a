/** Hosts that haup reboots, in the real world: their locks let go, and taken again over a new connection. */

import { readFile } from 'node:fs/promises';
import type { HostName, Inventory } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { Host, ReadScript } from '../model/host.ts';
import { monotonicMs } from '../base/clock.ts';
import { pause } from '../base/pause.ts';
import { connectSome } from './connect.ts';
import type { Context } from './command-context.ts';
import type { Comebacks } from './drill-environment.ts';
import type { GlobalOptions } from './options.ts';
import type { Locked } from './with-hosts.ts';

/** Chosen by the kernel at each boot. */
const bootIdFile = '/proc/sys/kernel/random/boot_id';
const bootIdScript = `cat ${bootIdFile}` as ReadScript;
const readLimitMs = 10_000;
const retryMs = 1_000;

/** `hosts` has the new connection of a host that is back, until it is disposed. */
export function comebacks(
  context: Context,
  inventory: Inventory,
  options: GlobalOptions,
  hosts: Map<HostName, Host>,
  lock: Locked['lock'],
): Comebacks & AsyncDisposable {
  const before = new Map<HostName, string>();
  const open: AsyncDisposable[] = [];
  const attempt = async (name: HostName, signal: AbortSignal): Promise<Host | string> => {
    const connected = await connectSome(
      context,
      inventory,
      { ...options, connectTimeout: '5' },
      { names: [name] },
    );
    let kept = false;
    try {
      const failure = connected.failures.get(name);
      // Its key does not change back by waiting.
      if (failure?.code === 'HOST_KEY_CHANGED') throw failure;
      const host = connected.hosts.get(name);
      if (host === undefined) return failure?.message ?? 'it is not connected';
      if ((await bootId(host, signal)) === before.get(name)) return 'it answers, and has not rebooted yet';
      await lock.retake(host, signal);
      open.push(connected);
      hosts.set(name, host);
      kept = true;
      return host;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof HaupError && error.code !== 'HOST_KEY_CHANGED') return error.message;
      throw error;
    } finally {
      if (!kept) await connected[Symbol.asyncDispose]();
    }
  };
  return {
    leave: async (name) => {
      const host = hosts.get(name);
      if (host !== undefined) before.set(name, await bootId(host, context.signal));
      await lock.letGo(name);
    },
    comeBack: async (name, limitMs, signal, waiting) => {
      for (const until = monotonicMs() + limitMs; ; ) {
        const found = await attempt(name, signal);
        if (typeof found !== 'string' || monotonicMs() > until) return found;
        waiting(found);
        await pause(retryMs, signal);
      }
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.allSettled(open.map((one) => one[Symbol.asyncDispose]()));
    },
  };
}

async function bootId(host: Host, signal: AbortSignal): Promise<string> {
  return Buffer.from(await host.read(bootIdScript, signal, readLimitMs))
    .toString('utf8')
    .trim();
}

/** The host that haup itself runs on, by its boot; null: none of them. */
export async function ownHost(
  hosts: ReadonlyMap<HostName, Host>,
  signal: AbortSignal,
): Promise<HostName | null> {
  const own = (await readFile(bootIdFile, 'utf8').catch(() => '')).trim();
  const ids = await Promise.all(
    [...hosts.values()].map(async (host) => [host.name, await bootId(host, signal)]),
  );
  return ids.find(([, id]) => id === own)?.[0] ?? null;
}
