/** Power loss and reboot of a lab host. */

import { kill } from 'node:process';
import { HaupError } from '../model/errors.ts';
import { isOn } from './lab-hosts.ts';
import type { LabHost } from './names.ts';
import { hostNamespace } from './names.ts';
import { deleteNamespace, setLink } from './network.ts';
import { firstProcess, labProcesses } from './process-table.ts';
import { pause } from '../base/pause.ts';

/**
 * Cuts the power: the host sends nothing more, and flushes nothing. Returns when all of the host is gone,
 * including its network.
 */
export async function powerOff(lab: string, host: LabHost, signal: AbortSignal): Promise<void> {
  // The cable first: a kernel that closes its sockets sends packets that a dead machine would not.
  await setLink(lab, host.address, 'down', signal).catch(() => {});
  const gone = async (): Promise<boolean> => {
    const processes = await labProcesses(lab);
    const first = await firstProcess(processes, host.name);
    if (first !== null) tell(first, 'SIGKILL');
    return !isOn(processes, host.name);
  };
  await waitFor(gone, `${host.name} did not stop`, signal);
  // Its boot script has done this already, unless that was killed before the host was.
  await deleteNamespace(hostNamespace(lab, host.name));
}

/** An orderly reboot, as `systemctl reboot` on the host; returns when the host has gone down. */
export async function reboot(lab: string, host: LabHost, signal: AbortSignal): Promise<void> {
  const before = await firstProcess(await labProcesses(lab), host.name);
  // systemd's SIGRTMIN+5: start reboot.target.
  if (before !== null) tell(before, firstRealTimeSignal + 5);
  const away = async (): Promise<boolean> =>
    (await firstProcess(await labProcesses(lab), host.name)) !== before;
  await waitFor(away, `${host.name} did not reboot`, signal, 120_000);
}

// SIGRTMIN as programs see it: glibc keeps 32 and 33 for itself.
const firstRealTimeSignal = 34;

function tell(pid: number, signal: NodeJS.Signals | number): void {
  try {
    kill(pid, signal);
  } catch {
    // It ended just before the signal.
  }
}

async function waitFor(
  done: () => Promise<boolean>,
  otherwise: string,
  signal: AbortSignal,
  limitMs = 15_000,
): Promise<void> {
  for (const until = performance.now() + limitMs; performance.now() < until; ) {
    if (await done()) return;
    await pause(20, signal);
  }
  throw new HaupError('LAB_FAILED', `${otherwise} within ${limitMs / 1000} s.`);
}
