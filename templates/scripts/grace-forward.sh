# The host that is about to take the VIP sends what belongs to no connection of its own to the host that had the VIP.
# A host that cannot do that says so with status 84.
# Arguments: grace_directory vip id device to
# Needs: grace-able grace-timer
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
echo "forward $device no $vip $until" > "$grace_directory/new"
mv -f "$grace_directory/new" "$grace_directory/$id"
printf '%s\n' "$rules" | nft -f -
