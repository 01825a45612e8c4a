# Restores after a drill. The timer is disarmed only when that is done.
# Arguments: timer undo
set -e
sh -c "$undo"
systemctl stop "$timer.timer" 2>/dev/null || :
systemctl reset-failed "$timer.service" 2>/dev/null || :
rm -f "/run/$timer.sh"
