# Ends a grace on this host, whichever part the host has in it, and leaves it as it was found. Does nothing where there
# is none, so that the host's own timer, haup and the next grace can all run it.
# Arguments: grace_directory id vip
end_grace() {
  record=$grace_directory/$id
  rm -f "$grace_directory/end.$id"
  nft delete table ip "haup_grace_$id" 2>/dev/null || true
  [ -e "$record" ] || return 0
  read -r part on added _ < "$record"
  if [ "$part" = answer ] && [ "$added" = yes ]; then ip addr del "$vip/32" dev lo 2>/dev/null || true; fi
  rm -f "$record"
  for other in "$grace_directory"/[0-9]*; do
    [ -e "$other" ] || continue
    read -r part also _ < "$other"
    [ "$part $also" != "answer $on" ] || return 0
  done
  # The settings come back with the last grace of the interface, unless they have been changed meanwhile.
  saved=$grace_directory/arp.$on
  [ -e "$saved" ] || return 0
  read -r ignore announce < "$saved"
  settings=/proc/sys/net/ipv4/conf/$on
  [ "$(cat "$settings/arp_ignore")" != 1 ] || echo "$ignore" > "$settings/arp_ignore"
  [ "$(cat "$settings/arp_announce")" != 2 ] || echo "$announce" > "$settings/arp_announce"
  rm -f "$saved"
}
mkdir -p "$grace_directory"
exec 8> "$grace_directory/lock"
flock 8
# shellcheck disable=SC2034 # grace-timer reads it.
if [ -e "$grace_directory/end.$id" ]; then timed=yes; else timed=; fi
end_grace
