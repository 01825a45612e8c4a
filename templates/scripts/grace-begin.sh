# Begins a host's part in the grace of a VIP, or takes it over from a run that has died: what the host does for earlier
# connections it goes on doing. The host ends all of it by itself after `seconds`, whatever becomes of haup.
# Sets until: the uptime of the host, in seconds, at which it does.
# Arguments: grace_directory vip device seconds ending
# Needs: grace-remove
mkdir -p "$grace_directory"
exec 8> "$grace_directory/lock"
flock 8
# On another interface it was of another configuration.
for record in "$grace_directory/$vip.answer" "$grace_directory/$vip.forward"; do
  [ -e "$record" ] || continue
  read -r _ on _ < "$record"
  [ "$on" = "$device" ] || remove_grace "$vip"
done
stop_timer() {
  systemctl stop "haup-grace-$vip.timer" "haup-grace-$vip.service" 2>/dev/null || true
  systemctl reset-failed "haup-grace-$vip.service" 2>/dev/null || true
}
start_timer() {
  systemd-run --quiet --unit="haup-grace-$vip" --on-active="$seconds" --timer-property=AccuracySec=1s /bin/sh "$grace_directory/end.$vip"
}
[ ! -e "$grace_directory/end.$vip" ] || stop_timer
# From a file: of a command, systemd would expand variables, and old versions keep no more than its first line.
printf '%s\n' "$ending" > "$grace_directory/end.$vip"
start_timer 2>/dev/null || { stop_timer; start_timer; }
read -r until _ < /proc/uptime
until=$((${until%.*} + seconds))
# begin_part PART ADDED [SINCE]
begin_part() {
  echo "$1 $device $2 $vip $until ${3:-}" > "$grace_directory/new"
  mv -f "$grace_directory/new" "$grace_directory/$vip.$1"
}
