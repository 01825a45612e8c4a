# Takes a lab down without haup, which may have been removed while the lab was up. As src/lab/remove.ts does it.
# Arguments: group directory switch remove_group
exec 9>>"$directory.lock"
flock -w 60 9
gone="${directory%/*}/.${directory##*/}.gone"
rm -rf "$gone"
mv "$directory" "$gone"
[ -e /sys/fs/cgroup/cgroup.procs ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup
# The keeper is in the group too, and so is this.
left() {
  find "/sys/fs/cgroup/$group" -name cgroup.procs ! -path '*/keeper/*' -exec cat {} +
  ip netns pids "$switch"
} 2>/dev/null
round=0
while pids=$(left) && [ -n "$pids" ] && [ $round -lt 50 ]; do
  # shellcheck disable=SC2086 # One process each.
  kill -9 $pids 2>/dev/null
  round=$((round + 1))
  sleep 0.2
done
for namespace in "/run/netns/$switch" "/run/netns/$switch".*; do
  [ ! -e "$namespace" ] || ip netns delete "${namespace##*/}"
done
sh -c "$remove_group"
rm -rf "$gone" "$directory.lock"
