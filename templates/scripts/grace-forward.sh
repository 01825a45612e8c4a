# The host that is about to take the VIP sends what belongs to no connection of its own to the host that had the VIP.
# A host that cannot do that says so with status 75.
# Needs: grace-end, grace-timer. Arguments: directory, vip, id, device, to.
: "${directory:?}" "${vip:?}" "${id:?}" "${device:?}" "${to:?}"
rules="table ip haup_grace_$id {
  chain prerouting {
    type filter hook prerouting priority mangle; policy accept;
    ip daddr != $vip accept
    meta l4proto != tcp accept
    tcp flags & (syn | ack) == syn accept
    ct state established,related accept
    socket wildcard 0 accept
    counter dup to $to device \"$device\" drop
  }
}"
echo "forward $device no $vip" > "$directory/new"
mv -f "$directory/new" "$directory/$id"
printf '%s\n' "$rules" | nft -f -
