# Says, with status 84, that this host cannot forward connections.
# Arguments: vip device to
command -v nft >/dev/null || { echo 'it has no nft'; exit 84; }
said=$(printf '%s\n' "table ip haup_grace_$vip {
  set own {
    type ipv4_addr . inet_service . inet_service; flags dynamic,timeout; timeout 2m; size 262144;
  }
  chain prerouting {
    type filter hook prerouting priority mangle;
    socket wildcard 0 update @own { ip saddr . tcp sport . tcp dport } ip ttl set 201 dup to $to device \"$device\" drop
  }
}" | nft -c -f - 2>&1) || { printf '%s\n' "$said" | head -n 1; exit 84; }
