# remove_grace VIP: leaves the host as it was before the grace, whichever part it has in it.
# Arguments: grace_directory
remove_grace() {
  rm -f "$grace_directory/end.$1" "$grace_directory/$1.forward"
  nft delete table ip "haup_grace_$1" 2>/dev/null || true
  record=$grace_directory/$1.answer
  [ -e "$record" ] || return 0
  read -r _ on added _ < "$record"
  [ "$added" != yes ] || ip addr del "$1/32" dev lo 2>/dev/null || true
  rm -f "$record"
  for other in "$grace_directory"/*.answer; do
    [ -e "$other" ] || continue
    read -r _ also _ < "$other"
    [ "$also" != "$on" ] || return 0
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
