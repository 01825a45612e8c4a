# Boots a host, and boots it again when it asks for a reboot. Nothing else runs on the operator's machine for a host: no
# haup, no node. Every boot gets a new network namespace, since a kernel that restarts has lost its addresses, and one
# without power answers no ARP.
# Arguments: directory join_group power_on namespace switch port interface hardware_address address
set -u
trap '' HUP
unshare --mount --propagation slave sh -ec "$join_group" sh $$ || exit 1
cd "$directory" || exit 1
exec 9>>lock
flock -n 9 || exit 0

plug() {
  ip netns delete "$namespace" 2>/dev/null
  ip netns add "$namespace" || return
  # The cable of a boot before may take a moment to vanish with its namespace.
  ip -n "$switch" link delete "$port" 2>/dev/null
  ip link add "$port" netns "$switch" type veth \
    peer name "$interface" address "$hardware_address" netns "$namespace" || return
  ip -n "$namespace" -batch - <<END || return
link set lo up
address add $address/24 broadcast + dev $interface
link set $interface up
END
  ip -n "$switch" link set "$port" master br0 up
}

while :; do
  plug || exit 1
  unshare --mount --propagation slave sh -ec "$power_on" 9>&-
  status=$?
  ip -n "$switch" link delete "$port" 2>/dev/null
  ip netns delete "$namespace" 2>/dev/null
  # 133: the host asked for a reboot.
  [ $status -eq 133 ] || exit 0
done
