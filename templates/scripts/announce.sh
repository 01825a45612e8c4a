# A function that announces VIPs of this host by gratuitous ARP, and exits.
# Arguments: say_mark
# Needs: uptime

# announce AT FOR_MS VIP…: around the moment AT, in milliseconds since the boot, and for so long after it.
announce() {
  # Earlier, as the clocks agree to a few milliseconds only. By time, not by count: on a busy host each takes longer, and
  # what is said too late is wrong.
  begin=$(($1 - 100)) end=$(($1 + $2))
  shift 2
  # Made ready before that, as it takes a busy host longer than clients may ask in vain. One that has yet to take a VIP
  # looks again.
  look=$((begin - 800))
  while wait_until "$look" || exit 1; do
    frames=$(frames_of "$@") && break
    look=$((look + 200))
    [ "$look" -le "$begin" ] || break
  done
  [ -n "$frames" ] || { wait_until "$begin" || exit 1; exit 0; }
  if command -v perl >/dev/null; then
    # shellcheck disable=SC2086 # Three words a VIP.
    nice -n -20 perl -e "$by_perl" $((begin / 10)) $((end / 10)) $frames || unsaid 'the host could not announce its VIPs'
    exit 0
  fi
  for python in python3 /usr/libexec/platform-python python python2; do
    command -v "$python" >/dev/null || continue
    # shellcheck disable=SC2086
    nice -n -20 "$python" -c "$by_python" $((begin / 10)) $((end / 10)) $frames || unsaid 'the host could not announce its VIPs'
    exit 0
  done
  unsaid 'the host has neither perl nor python to announce its VIPs with'
}
# The change itself does not depend on it.
unsaid() { echo "${say_mark}$1: clients may look for its VIPs where they were"; exit 0; }

# frames_of VIP…: of each that is here its device, the index of that and what is said; fails when one is not here.
frames_of() {
  { ip -o link show; ip -o -4 addr show; } | awk -v vips="$*" '
    BEGIN { missing = split(vips, each, " "); for (i in each) wanted[each[i]] }
    { device = $2; sub(/[@:].*/, "", device) }
    { for (i = 3; i < NF; i++) if ($i == "link/ether") { mac[device] = $(i + 1); gsub(/:/, "", mac[device]) } }
    $3 == "inet" && device != "lo" && split($4, part, "/") && part[1] in wanted && device in mac {
      split(part[1], octet, ".")
      own = sprintf("%02x%02x%02x%02x", octet[1], octet[2], octet[3], octet[4])
      print device, $1 + 0, "ffffffffffff" mac[device] "08060001080006040001" mac[device] own "000000000000" own
      delete wanted[part[1]]
      missing--
    }
    END { exit missing > 0 }'
}

# Both send every 10 ms from the first argument to the second, in hundredths of a second since the boot, and before all
# else the host does: while one is late, clients may ask a host that has just given the VIP up.
# AF_PACKET is 17, SOCK_RAW 3, ETH_P_ARP 0x0806.
# shellcheck disable=SC2016 # The variables are Perl's.
by_perl='
my ($begin, $end, @rest) = @ARGV; my @frames;
socket(my $s, 17, 3, unpack("S", pack("n", 0x0806))) or die "socket: $!\n";
while (my ($device, $index, $frame) = splice(@rest, 0, 3)) {
  push @frames, [pack("S n i S C C a8", 17, 0x0806, $index, 1, 0, 6, "\xff" x 6), pack("H*", $frame)];
}
sub up { open my $u, "<", "/proc/uptime"; return 100 * (split " ", <$u>)[0]; }
while ((my $now = up()) < $end) {
  if ($now >= $begin) { send($s, $_->[1], 0, $_->[0]) for @frames; }
  select(undef, undef, undef, 0.01);
}
'
by_python='
import binascii, socket, sys, time
begin, end = int(sys.argv[1]), int(sys.argv[2])
rest = sys.argv[3:]
frames = []
while rest:
    s = socket.socket(17, 3, socket.htons(0x0806))
    s.bind((rest[0], 0))
    frames.append((s, binascii.unhexlify(rest[2])))
    rest = rest[3:]
while True:
    now = 100 * float(open("/proc/uptime").read().split()[0])
    if now >= end:
        break
    if now >= begin:
        for s, frame in frames:
            s.send(frame)
    time.sleep(0.01)
'
