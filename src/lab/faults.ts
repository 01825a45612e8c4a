/** Faults of a lab host: cable and power. */

import { HaupError } from '../model/errors.ts';
import { powerOff, reboot } from './power.ts';
import { isOn, powerOn, waitUntilRunning } from './lab-hosts.ts';
import type { LabFault, LabHost, LabPaths, LabSpec } from './names.ts';
import { hostPaths } from './names.ts';
import { setLink } from './network.ts';
import { labProcesses } from './process-table.ts';

/**
 * Injects a fault and returns when it is complete: after power-on and reboot the host answers again.
 * Repeating a fault is no error.
 */
export async function fault(
  spec: LabSpec,
  paths: LabPaths,
  host: LabHost,
  what: LabFault,
  signal: AbortSignal,
): Promise<void> {
  const on = isOn(await labProcesses(spec.name), host.name);
  if (!on && what !== 'power-on' && what !== 'power-off') {
    throw new HaupError('LAB_FAILED', `${host.name} is powered off.`, {
      host: host.name,
      hint: `Boot it with haup lab fault ${host.name} power-on.`,
    });
  }
  if (what === 'link-down' || what === 'link-up') {
    await setLink(spec.name, host.address, what === 'link-up' ? 'up' : 'down', signal);
  } else if (what === 'power-off') {
    if (on) await powerOff(spec.name, host, signal);
  } else if (what === 'power-on') {
    if (!on) await powerOn(hostPaths(paths, host.name));
    await waitUntilRunning(spec, host, paths, signal);
  } else {
    await reboot(spec.name, host, signal);
    await waitUntilRunning(spec, host, paths, signal);
  }
}

/** Throws HOST_UNKNOWN, which lists the hosts. */
export function knownHost(spec: LabSpec, name: string): LabHost {
  const host = spec.hosts.find((each) => each.name === name || each.address === name);
  if (host !== undefined) return host;
  throw new HaupError('HOST_UNKNOWN', `Lab ${spec.name} has no host ${name}.`, {
    hint: `It has ${spec.hosts.map((each) => each.name).join(', ')}.`,
  });
}
