# The host that is about to give the VIP up goes on answering for it: it keeps the address on lo, where nothing on the
# network learns of it, since ARP is answered and announced for the addresses of the interface alone.
# Arguments: grace_directory vip device
# Needs: grace-begin vip-since
settings=/proc/sys/net/ipv4/conf/$device
if [ ! -e "$grace_directory/arp.$device" ]; then
  printf '%s %s\n' "$(cat "$settings/arp_ignore")" "$(cat "$settings/arp_announce")" > "$grace_directory/arp.new"
  mv -f "$grace_directory/arp.new" "$grace_directory/arp.$device"
fi
added=yes
case " $(ip -o -4 addr show dev lo | tr -s '\n ' '  ') " in *" $vip/32 "*) added=no ;; esac
# An earlier grace has added it.
if [ -e "$grace_directory/$vip.answer" ]; then read -r _ _ before _ < "$grace_directory/$vip.answer"; else before=$added; fi
begin_part answer "$before" "$(vip_since "$vip")"
[ "$(cat "$settings/arp_ignore")" -ge 1 ] || echo 1 > "$settings/arp_ignore"
[ "$(cat "$settings/arp_announce")" -ge 2 ] || echo 2 > "$settings/arp_announce"
[ "$added" = no ] || ip addr add "$vip/32" dev lo
