# Ends a drill: undoes it, and disarms the timer only once the host is whole again.
# Arguments: unit undo
sh -c "$undo" || exit
systemctl stop "$unit.timer" 2>/dev/null
systemctl reset-failed "$unit.service" 2>/dev/null
true
