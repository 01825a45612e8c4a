# The host ends the grace itself after `seconds`, whatever becomes of haup.
# Sets until: the uptime of the host, in seconds, at which it does.
# Arguments: grace_directory id seconds ending
# Needs: grace-end
stop_timer() {
  systemctl stop "haup-grace-$id.timer" 2>/dev/null || true
  systemctl reset-failed "haup-grace-$id.service" 2>/dev/null || true
}
start_timer() {
  systemd-run --quiet --unit="haup-grace-$id" --on-active="$seconds" --timer-property=AccuracySec=1s /bin/sh "$grace_directory/end.$id"
}
[ -z "$timed" ] || stop_timer
# From a file: of a command, systemd would expand variables, and old versions keep no more than its first line.
printf '%s\n' "$ending" > "$grace_directory/end.$id"
start_timer 2>/dev/null || { stop_timer; start_timer; }
read -r until _ < /proc/uptime
until=$((${until%.*} + seconds))
