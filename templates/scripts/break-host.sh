# Begins a drill: records it, arms the timer that undoes it (`undo`, one line of sh), then breaks.
# Arguments: drill_record drill_at_boot drain_file kind unit seconds service drain undo
# Needs: write-drain

# A drain outlives a boot, the timer does not: systemd-tmpfiles removes the drain before daemons start.
undone_by_boot() {
  mkdir -p "${drill_at_boot%/*}" &&
    printf '%s\n' '# A drill of haup verify has drained this host: a boot ends that.' "r! $drain_file" "r! $drill_at_boot" > "$drill_at_boot.new" &&
    sync "$drill_at_boot.new" && mv -f "$drill_at_boot.new" "$drill_at_boot"
}
set -e
printf '%s\n' "$kind $unit" > "$drill_record.new"
mv -f "$drill_record.new" "$drill_record"
systemd-run --quiet --unit="$unit" --on-active="$seconds" --timer-property=AccuracySec=1s /bin/sh -c "$undo"
case $kind in
  stop) systemctl stop "$service.service" ;;
  drain) undone_by_boot; write_drain "$drain" ;;
esac
