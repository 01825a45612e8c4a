# The host ends the grace itself after `seconds`, whatever becomes of haup.
# Sets until: the uptime of the host, in seconds, at which it does.
# Arguments: id seconds ending
# Needs: grace-end
systemctl stop "haup-grace-$id.timer" 2>/dev/null || true
systemctl reset-failed "haup-grace-$id.service" 2>/dev/null || true
systemd-run --quiet --unit="haup-grace-$id" --on-active="$seconds" --timer-property=AccuracySec=1s /bin/sh -c "$ending"
read -r until _ < /proc/uptime
until=$((${until%.*} + seconds))
