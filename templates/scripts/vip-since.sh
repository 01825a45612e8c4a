# vip_since VIP: since when this host has served the VIP, in hundredths of a second of its uptime: since it got the address,
# or, in a grace, since before that. 0: not known.
# Arguments: grace_directory
vip_since() {
  if [ -e "$grace_directory/$1.answer" ]; then
    IFS=' ' read -r _ _ _ _ _ since < "$grace_directory/$1.answer"
    echo "${since:-0}"
    return
  fi
  # The kernel notes when an address came, and ip shows that only in a dump: 4 bytes of ip's, then messages of rtnetlink
  # with an ifaddrmsg, its IFA_LOCAL (2) and IFA_CACHEINFO (6). Interface 1 is lo.
  { cat /proc/uptime; ip -4 addr save 2>/dev/null | od -An -v -tu1; } | awk -v vip="$1" '
    function u16(at) { return byte[at] + 256 * byte[at + 1] }
    function u32(at) { return u16(at) + 65536 * u16(at + 2) }
    function aligned(size) { return size + (4 - size % 4) % 4 }
    NR == 1 { up = int($1 * 100); next }
    { for (i = 1; i <= NF; i++) byte[bytes++] = $i }
    END {
      for (start = 4; start + 24 <= bytes && u32(start) >= 24; start += aligned(u32(start))) {
        address = ""
        for (at = start + 24; at < start + u32(start) && u16(at) >= 4; at += aligned(u16(at))) {
          if (u16(at + 2) == 2) address = byte[at + 4] "." byte[at + 5] "." byte[at + 6] "." byte[at + 7]
          if (u16(at + 2) == 6) came = u32(at + 12)
        }
        # The moment has 32 bits, which are enough for 497 days.
        if (address == vip && u32(start + 20) != 1) since = up - (up - came + 4294967296) % 4294967296
      }
      printf "%.0f\n", (since > 0 ? since : 0)
    }'
}
