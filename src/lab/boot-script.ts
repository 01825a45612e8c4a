import { labScript } from './lab-script.ts';
import type { HostPaths, LabHost } from './names.ts';
import { hardwareAddress, hostNamespace, labGroup, machineName, portName, switchNamespace } from './names.ts';

/** Moves the process that is its first argument into a control group of the lab, which `down` empties. */
export const joinGroup = (lab: string, part: string): string =>
  labScript('join-group', { group: `${labGroup(lab)}/${part}` });

/** The script that boots one host: templates/lab/boot-host.sh. */
export function bootScript(
  lab: string,
  host: LabHost,
  paths: HostPaths,
  image: { readonly root: string; readonly pool: string },
  /** The directory of a saved lab between the host's disk and the image; null when there is none. */
  saved: string | null,
): string {
  const namespace = hostNamespace(lab, host.name);
  const powerOn = labScript('power-on', {
    group: `${labGroup(lab)}/host-${host.name}`,
    lower: saved === null ? image.root : `${saved}:${image.root}`,
    upper: paths.upper,
    work: paths.work,
    root: paths.root,
    machine: machineName(lab, host.name),
    namespace,
    pool: image.pool,
  });
  const boot = labScript('boot-host', {
    directory: paths.dir,
    join_group: joinGroup(lab, `boot-${host.name}`),
    power_on: powerOn,
    namespace,
    switch: switchNamespace(lab),
    port: portName(host.address),
    interface: host.interface,
    hardware_address: hardwareAddress(host.address),
    address: host.address,
  });
  return `#!/bin/sh\n# Boots ${host.name} of lab ${lab}; written by haup lab up.\n${boot}`;
}
