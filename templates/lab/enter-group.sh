# Mounts cgroup2 where only this mount namespace sees it, and moves a process into a group: enter_group GROUP PROCESS
enter_group() {
  [ -e /sys/fs/cgroup/cgroup.procs ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup
  mkdir -p "/sys/fs/cgroup/$1"
  echo "$2" >"/sys/fs/cgroup/$1/cgroup.procs"
}
