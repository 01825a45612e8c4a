# Removes the control group of a lab whose processes have ended.
# Arguments: group
[ -e /sys/fs/cgroup/cgroup.procs ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup
cd /sys/fs/cgroup || exit
[ -d "$group" ] || exit 0
# The caller may be in the group itself.
callers=$(cat "$group/keeper/cgroup.procs" 2>/dev/null)
for pid in $callers; do echo "$pid" >cgroup.procs; done
find "$group" -depth -type d -exec rmdir {} \;
