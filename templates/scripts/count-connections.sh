# count_connections VIP: how many connections of clients with a VIP may still lose something. One that nginx has closed
# counts until its last byte is acknowledged. Not counted: a connection that has carried no byte in 3 s (its request went to
# another host when the VIP moved, or the client only keeps it in reserve), one of this host to itself (its half of what it
# asked before the VIP moved), one whose client has not answered six retransmissions, which takes 12 s or more, and one
# whose client has been silent since before this host got the VIP: another host had the VIP meanwhile and has reset it.
# Needs: vip-since
count_connections() {
  { vip_since "$1"; cat /proc/uptime; ss -Htni state connected exclude time-wait exclude fin-wait-2 exclude syn-recv src "$1" and not dst "$1"; } | awk '
    NR == 1 { since = $1; next }
    # Clocks of several grains.
    NR == 2 { served = $1 * 1000 - since * 10 + 100; next }
    /^[^ \t]/ { open++; next }
    {
      split("", is)
      for (at = 1; at <= NF; at++) { split($at, pair, ":"); is[pair[1]] = pair[2] }
      carries = ("bytes_received" in is) || ("bytes_acked" in is) || ("unacked" in is)
      heard = is["lastrcv"] + 0 < is["lastack"] + 0 ? is["lastrcv"] + 0 : is["lastack"] + 0
      if ((!carries && is["lastrcv"] >= 3000) || is["backoff"] >= 6 || (since > 0 && heard > served)) open--
    }
    END { print open + 0 }'
}
