# What a host hears on its segments when it asks and listens for a moment: who answers for an address, who sends VRRP
# adverts. It leaves nothing behind: the kernel's neighbour table is a cache, and the entries asked for are removed.
# Arguments: ask hear seconds

# 224.0.0.18, the group of VRRP adverts, joined by interface: IP_ADD_MEMBERSHIP of Linux is 35. For Python 2 and 3.
listen_python='import socket, struct, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
s.settimeout(0.2)
for i in sys.argv[2:]:
    try: s.setsockopt(0, 35, socket.inet_aton("224.0.0.18") + struct.pack("=4si", b"", int(i)))
    except socket.error: pass
end = time.time() + int(sys.argv[1])
while time.time() < end:
    try: data, sender = s.recvfrom(2048)
    except socket.timeout: continue
    b = bytearray(data); h = (b[0] & 15) * 4
    if len(b) < h + 8: continue
    vips = [socket.inet_ntoa(data[o:o + 4]) for o in range(h + 8, h + 8 + 4 * b[h + 3], 4) if len(b) >= o + 4]
    print("\t".join(["advert", sender[0], str(b[h] >> 4), str(b[h + 1]), str(b[h + 2]), ",".join(vips)]))'
# shellcheck disable=SC2016 # perl has its own $.
listen_perl='use Socket; my $limit = shift;
socket(S, PF_INET, SOCK_RAW, 112) or exit 1;
for (@ARGV) { setsockopt(S, 0, 35, inet_aton("224.0.0.18") . INADDR_ANY . pack("i", $_)); }
my $end = time + $limit;
while (time < $end) {
  my $r = ""; vec($r, fileno(S), 1) = 1; select($r, undef, undef, 0.2) > 0 or next;
  my $from = recv(S, my $b, 2048, 0) or next; my ($port, $sender) = sockaddr_in($from);
  my $h = (ord($b) & 15) * 4; next if length($b) < $h + 8;
  my ($type, $vrid, $priority, $count) = unpack("C4", substr($b, $h));
  my @vips = map { inet_ntoa(substr($b, $h + 8 + 4 * $_, 4)) } grep { length($b) >= $h + 12 + 4 * $_ } 0 .. $count - 1;
  print join("\t", "advert", inet_ntoa($sender), $type >> 4, $vrid, $priority, join(",", @vips)), "\n";
}'

export LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
asked=
wait=1.2
# ask_for ADDRESS INTERFACE: makes the kernel ask as it asks for any neighbour, by a broadcast each second. iproute2
# before 4.19 cannot order that. There the kernel is made to ask a neighbour at the broadcast address whether it is still
# there, and believes another answer only after a second (arp's locktime).
ask_for() {
  # Permanent entries are the operator's.
  [ -z "$(ip neigh show "$1" dev "$2" nud permanent 2>/dev/null)" ] || return 0
  ip neigh del "$1" dev "$2" 2>/dev/null
  if ip neigh replace "$1" dev "$2" use 2>/dev/null; then
    asked="$asked $1/$2"
  elif ip neigh replace "$1" lladdr ff:ff:ff:ff:ff:ff nud probe dev "$2" 2>/dev/null; then
    asked="$asked $1/$2"
    wait=2.3
  fi
}
# shellcheck disable=SC2317 # The trap calls it.
forget() {
  for pair in $asked; do ip neigh del "${pair%/*}" dev "${pair#*/}" 2>/dev/null; done
}
trap forget EXIT
trap 'exit 0' HUP INT TERM PIPE
for pair in $ask; do ask_for "${pair%/*}" "${pair#*/}"; done

links=
for interface in $hear; do
  index=
  { read -r index < "/sys/class/net/$interface/ifindex"; } 2>/dev/null
  links="$links $index"
done
# shellcheck disable=SC2086 # One word for each index.
listen() {
  for python in python3 /usr/libexec/platform-python python2 python; do
    command -v "$python" >/dev/null && "$python" -c "$listen_python" "$seconds" $links 2>/dev/null && return 0
  done
  command -v perl >/dev/null && perl -e "$listen_perl" "$seconds" $links 2>/dev/null
}
if [ -n "$links" ]; then
  listen || {
    echo deaf
    [ -z "$asked" ] || sleep "$wait"
  }
elif [ -n "$asked" ]; then
  sleep "$wait"
fi
for pair in $asked; do
  ip neigh show "${pair%/*}" dev "${pair#*/}" | while read -r address rest; do
    case $rest in
      *FAILED*|*INCOMPLETE*|*ff:ff:ff:ff:ff:ff*) ;;
      *lladdr*)
        mac=${rest#*lladdr }
        printf 'claim\t%s\t%s\t%s\n' "$address" "${pair#*/}" "${mac%% *}"
        ;;
    esac
  done
done
echo end
