import type { HostPaths, LabHost } from './names.ts';
import { hardwareAddress, hostNamespace, labGroup, machineName, portName, switchNamespace } from './names.ts';
import { poolMount } from './pool.ts';

/** Mounts cgroup2 where only this mount namespace sees it, and moves process $2 into the group $1. */
const enterGroup = `
  [ -e /sys/fs/cgroup/cgroup.procs ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup
  mkdir -p "/sys/fs/cgroup/$1"
  echo "$2" >"/sys/fs/cgroup/$1/cgroup.procs"`;

/** Shell text that moves the running shell into a control group of the lab, which `down` empties. */
export const joinGroup = (lab: string, part: string): string =>
  `unshare --mount --propagation slave sh -ec '${enterGroup}' sh '${labGroup(lab)}/${part}' $$`;

/**
 * The script that boots one host, and boots it again when it asks for a reboot. Nothing else runs on the
 * operator's machine for a host: no haup, no node. Every boot gets a new network namespace, since a kernel that
 * restarts has lost its addresses, and one without power answers no ARP.
 */
export function bootScript(
  lab: string,
  host: LabHost,
  paths: HostPaths,
  image: { readonly root: string; readonly pool: string },
  /** The directory of a saved lab between the host's disk and the image; null when there is none. */
  saved: string | null,
): string {
  const port = portName(host.address);
  const lower = saved === null ? image.root : `${saved}:${image.root}`;
  return `#!/bin/sh
# Boots ${host.name} of lab ${lab}; written by haup lab up.
set -u
trap '' HUP
${joinGroup(lab, `boot-${host.name}`)} || exit 1
cd '${paths.dir}' || exit 1
exec 9>>lock
flock -n 9 || exit 0

plug() {
  ip netns delete '${hostNamespace(lab, host.name)}' 2>/dev/null
  ip netns add '${hostNamespace(lab, host.name)}' || return
  # The cable of a boot before may take a moment to vanish with its namespace.
  ip -n '${switchNamespace(lab)}' link delete ${port} 2>/dev/null
  ip link add ${port} netns '${switchNamespace(lab)}' type veth \\
    peer name '${host.interface}' address ${hardwareAddress(host.address)} netns '${hostNamespace(lab, host.name)}' || return
  ip -n '${hostNamespace(lab, host.name)}' -batch - <<END || return
link set lo up
address add ${host.address}/24 broadcast + dev ${host.interface}
link set ${host.interface} up
END
  ip -n '${switchNamespace(lab)}' link set ${port} master br0 up
}

boot() {
  unshare --mount --propagation slave sh -ec '
    ${enterGroup.trim()}
    # Left by an end without warning; overlayfs then wants to be told that it is no matter.
    rm -rf work && mkdir work
    # volatile: a lab has nothing that must outlive its machine, and fsync is slow.
    mount -t overlay overlay -o volatile,lowerdir=${lower},upperdir=${paths.upper},workdir=${paths.work} root ||
      mount -t overlay overlay -o lowerdir=${lower},upperdir=${paths.upper},workdir=${paths.work} root
    # nspawn leaves traces there, and asks there for a systemd that it must not find.
    mkdir -p /run/systemd
    mount -t tmpfs tmpfs /run/systemd
    export SYSTEMD_NSPAWN_API_VFS_WRITABLE=network
    exec systemd-nspawn --quiet --settings=no --register=no --keep-unit --machine=${machineName(lab, host.name)} \\
      --directory=${paths.root} --network-namespace-path=/run/netns/${hostNamespace(lab, host.name)} \\
      --capability=CAP_NET_ADMIN,CAP_IPC_LOCK --bind-ro=${image.pool}:${poolMount} \\
      --resolv-conf=off --timezone=off --link-journal=no --console=pipe --boot
  ' sh '${labGroup(lab)}/host-${host.name}' 0 9>&-
}

while :; do
  plug || exit 1
  boot
  status=$?
  ip -n '${switchNamespace(lab)}' link delete ${port} 2>/dev/null
  ip netns delete '${hostNamespace(lab, host.name)}' 2>/dev/null
  # 133: the host asked for a reboot.
  [ $status -eq 133 ] || exit 0
done
`;
}
