# The host that is about to take the VIP sends what belongs to no connection of its own to the host that had the VIP.
# A host that cannot do that says so with status 84.
# Which connections are its own it notes itself, from their SYN on, until their socket is seen: conntrack still has those of
# an earlier time as established, for days, and clients use their ports again. To another port of the VIP a client may have a
# connection from the same port.
# A TTL of 200, which no packet of a client has, marks what has been sent on: two hosts that both know nothing of it
# would send it to each other for ever. dup takes 1 off.
# Arguments: vip device to
# Needs: grace-able grace-begin
rules="add table ip haup_grace_$vip
delete table ip haup_grace_$vip
table ip haup_grace_$vip {
  set own {
    type ipv4_addr . inet_service . inet_service; flags dynamic,timeout; timeout 2m; size 262144;
  }
  chain prerouting {
    type filter hook prerouting priority mangle; policy accept;
    ip daddr != $vip accept
    meta l4proto != tcp accept
    ip ttl 200 accept
    tcp flags & (syn | ack) == syn update @own { ip saddr . tcp sport . tcp dport } accept
    tcp flags & (syn | ack) == syn accept
    tcp flags & fin == fin socket wildcard 0 update @own { ip saddr . tcp sport . tcp dport } accept
    socket wildcard 0 accept
    ip saddr . tcp sport . tcp dport @own accept
    ip ttl set 201 counter dup to $to device \"$device\" drop
  }
}"
# Where this host has not the VIP, its own sockets are of an earlier time, and their clients are gone. A client that uses the
# same port again would have its packets end here. Where the kernel cannot close them, they stay.
if [ -z "$(ip -o addr show to "$vip")" ]; then ss -K -t state connected src "$vip" > /dev/null 2>&1 || true; fi
begin_part forward no
printf '%s\n' "$rules" | nft -f -
