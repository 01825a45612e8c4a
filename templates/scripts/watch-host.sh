# The host as it changes: its addresses as watch-addresses.sh prints them, all of them every five seconds, and every second a
# line `state`: curl's status for haup's own server in nginx, then words that differ from the last ones when the facts
# have changed. A second costs one process or two. Ends as watch-addresses.sh does.
# Arguments: seconds health_port probe_path drain_file drill_record drill_at_boot grace_directory owner_file
# Needs: address-monitor

# first_word FILE: sets `word`; - for a file that is missing or empty.
first_word() {
  word=-
  if [ -f "$1" ]; then read -r word _ < "$1" || :; fi
}
# Whether a unit has a process, by its control group: systemctl would be one more process each second.
runs() {
  for group in /sys/fs/cgroup/system.slice /sys/fs/cgroup/systemd/system.slice; do
    if read -r _ 2>/dev/null < "$group/$1.service/cgroup.procs"; then return 0; fi
  done
  return 1
}

watch_changes "$seconds"
turn=0
while [ "$turn" -lt "$seconds" ] && kill -0 "$monitor" 2>/dev/null; do
  if [ $((turn % 5)) -eq 0 ]; then tell_addresses || exit 0; fi
  if [ $((turn % 2)) -eq 0 ]; then
    curl --disable --noproxy '*' -s -o /dev/null -m 1 "http://127.0.0.1:$health_port$probe_path"
    asked=$?
  fi
  seen=
  for file in "$drain_file" "$drill_record" "$drill_at_boot" "$owner_file" "$grace_directory"/[0-9]*; do
    first_word "$file"
    seen=$seen${word:--},
  done
  # The owner's file outlives its process.
  first_word "$owner_file"
  for unit in keepalived nginx; do
    if runs "$unit"; then seen=$seen$unit,; fi
  done
  if [ -d "/proc/${word#pid=}" ]; then seen=${seen}locked; fi
  printf 'state %s %s\n' "$asked" "$seen" 2>/dev/null || exit 0
  turn=$((turn + 1))
  sleep 1
done
