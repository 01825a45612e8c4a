# Runs the systemd of a host on an overlay over its image, in mount and network namespaces of its own, until it is off.
# Arguments: group lower upper work root machine namespace pool pool_mount
# Needs: enter-group
set -e
enter_group "$group" 0
# Left by an end without warning; overlayfs then wants to be told that it is no matter.
rm -rf work && mkdir work
# volatile: a lab has nothing that must outlive its machine, and fsync is slow.
directories="lowerdir=$lower,upperdir=$upper,workdir=$work"
mount -t overlay overlay -o "volatile,$directories" root || mount -t overlay overlay -o "$directories" root
# nspawn leaves traces there, and asks there for a systemd that it must not find.
mkdir -p /run/systemd
mount -t tmpfs tmpfs /run/systemd
export SYSTEMD_NSPAWN_API_VFS_WRITABLE=network
exec systemd-nspawn --quiet --settings=no --register=no --keep-unit --machine="$machine" \
  --directory="$root" --network-namespace-path="/run/netns/$namespace" \
  --capability=CAP_NET_ADMIN,CAP_IPC_LOCK --bind-ro="$pool:$pool_mount" \
  --resolv-conf=off --timezone=off --link-journal=no --console=pipe --boot
