/** The state of a lab, as the kernel reports it. */

import type { LabHost, LabRoots } from './names.ts';
import { labPaths, switchAddress } from './names.ts';
import type { LinkState } from './network.ts';
import { linkStates } from './network.ts';
import { ageSeconds, firstProcess, labProcesses } from './process-table.ts';
import { specOf } from './lab-state.ts';

interface LabHostStatus extends LabHost {
  readonly power: 'on' | 'off';
  readonly link: LinkState;
  /** Seconds since the host's systemd started; null while it is off. */
  readonly uptime: number | null;
}

export interface LabStatus {
  readonly name: string;
  /** True when every host is on. */
  readonly up: boolean;
  /** The switch's own address: where requests from `lab exec` come from. */
  readonly switchAddress: string;
  readonly sshConfig: string;
  readonly overlay: string;
  readonly hosts: readonly LabHostStatus[];
}

/** Rejects with LAB_DOWN when there is no such lab. */
export async function status(name: string, roots: LabRoots): Promise<LabStatus> {
  const paths = labPaths(roots, name);
  const spec = await specOf(name, roots);
  const [processes, links] = await Promise.all([labProcesses(name), linkStates(spec)]);
  const hosts = await Promise.all(
    spec.hosts.map(async (host): Promise<LabHostStatus> => {
      const first = await firstProcess(processes, host.name);
      return {
        ...host,
        power: first === null ? 'off' : 'on',
        link: links.get(host.name) ?? 'unplugged',
        uptime: first === null ? null : await ageSeconds(first),
      };
    }),
  );
  return {
    name,
    up: hosts.every((host) => host.power === 'on'),
    switchAddress: switchAddress(spec),
    sshConfig: paths.sshConfig,
    overlay: paths.overlay,
    hosts,
  };
}
