# Holds the lock of the host: flock by a process that lives as long as the operator's channel, and that also ends by
# itself when the operator's machine gives no sign of life. Prints `busy` and the owner, or `held` and the drill that
# was left, then dots; before it ends, `down` if the host goes down.
# Arguments: lock_file owner_file beat_file owner silence entrusted_script
# Needs: beat left-drill finish
exec 9>>"$lock_file"
if ! flock -n 9; then printf 'busy\t%s\n' "$(sed -n 's/^owner=//p' "$owner_file")"; exit 0; fi
rm -f "$entrusted_script"
trap finish TERM HUP INT PIPE
( umask 022; printf 'pid=%s\nowner=%s\n' "$$" "$owner" > "$owner_file.new" ) && mv "$owner_file.new" "$owner_file"
beat
printf 'held\t%s\n' "$(left_drill)"
# The sleep must not keep the lock when this process is ended. The dots are how sshd comes to know that the operator's
# end of the connection is gone: a cable that is back brings the refusal of the next one.
while sleep 2 9>&- & wait $!; do
  echo . || finish
  read -r heard < "$beat_file"
  read -r up _ < /proc/uptime
  [ $((${up%.*} - heard)) -le "$silence" ] || finish
done
