# Starts hosts that are as a host of a lab is once haup has applied, but have sshd and nothing else: each has a network, a
# PID and a mount namespace, and all share one disk. Runs in namespaces that nothing else is in, and ends with them.
#   sh light-hosts.sh DIRECTORY LOWER-DIRECTORIES < LIST
# A line of LIST: name, address, and the VIP that it holds or `-`. DIRECTORY/files/NAME has what is the host's alone.
set -e
directory=$1 lower=$2

mount -t tmpfs tmpfs /run
ip link set lo up
ip link add br0 type bridge
ip addr add 10.77.255.254/16 dev br0
ip link set br0 up
mkdir -p /run/netns "$directory/hosts"
mount -t tmpfs -o size=2g tmpfs "$directory/hosts"

at=0
names=
while read -r name address vip; do
  at=$((at + 1))
  names="$names $name"
  ip netns add "$name"
  ip link add "p$at" type veth peer name ens33 netns "$name"
  ip link set "p$at" master br0 up
  ip -n "$name" -batch - <<END
link set lo up
addr add $address/16 dev ens33
link set ens33 up
$([ "$vip" = - ] || echo "addr add $vip/32 dev ens33")
END
  own=$directory/hosts/$name
  mkdir -p "$own/upper" "$own/work" "$own/root"
  cp -a "$directory/files/$name/." "$own/upper"
  mkdir -p "$own/upper/etc"
  printf '%032x\n' "$at" > "$own/upper/etc/machine-id"
  NAME=$name OWN=$own LOWER=$lower SSH=$directory ip netns exec "$name" \
    unshare --mount --pid --uts --fork --kill-child sh -ec '
      hostname "$NAME"
      mount -t overlay overlay -o "lowerdir=$LOWER,upperdir=$OWN/upper,workdir=$OWN/work" "$OWN/root"
      cd "$OWN/root"
      mount -t proc proc proc
      mount -t sysfs sysfs sys
      mount --bind /dev dev
      mount -t tmpfs tmpfs run
      mkdir -p run/sshd run/systemd/system run/keys
      cp "$SSH/host" "$SSH/authorized" run/keys
      exec chroot . /usr/sbin/sshd -D -f /dev/null -h /run/keys/host -o AuthorizedKeysFile=/run/keys/authorized \
        -o PidFile=none -o StrictModes=no -o UsePAM=no -o LogLevel=ERROR -o MaxStartups=100 -o "Subsystem=sftp internal-sftp"
    ' </dev/null >/dev/null 2>&1 &
done

for name in $names; do
  tries=0
  until ip netns exec "$name" ss -Hltn 'sport = :22' | grep -q .; do
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || { echo "no sshd listens on $name" >&2; exit 1; }
    sleep 0.2
  done
done

# A host that is off, and that no ARP gives away: nothing has this hardware address. Only now, since the bridge forgets it with
# each change of its own address, which is one of its ports'.
ip neigh add 10.77.255.1 lladdr 02:00:00:00:00:09 dev br0 nud permanent
