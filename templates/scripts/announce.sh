# A function that announces VIPs of this host by gratuitous ARP, and exits.
# Arguments: say_mark
# Needs: uptime

# announce AT FOR_MS VIP…: around the moment AT, in milliseconds since the boot, and for so long after it.
announce() {
  # Earlier, as the clocks agree to a few milliseconds only.
  wait_until $(($1 - 100)) || exit 1
  # By time, not by count: on a busy host each takes longer, and what is said too late is wrong.
  end=$((($1 + $2) / 10))
  shift 2
  # Device, its index and the frame of each VIP.
  frames=
  for vip; do
    device=$(ip -o -4 addr show | awk -v vip="$vip" '{ split($4, part, "/"); if (part[1] == vip && $2 != "lo") print $2 }' | head -n 1)
    [ -n "$device" ] || continue
    mac=$(tr -d : < "/sys/class/net/$device/address")
    # shellcheck disable=SC2046,SC2183 # One word an octet.
    own=$(printf '%02x%02x%02x%02x' $(echo "$vip" | tr . ' '))
    frames="$frames $device $(cat "/sys/class/net/$device/ifindex") ffffffffffff${mac}08060001080006040001${mac}${own}000000000000${own}"
  done
  [ -n "$frames" ] || exit 0
  if command -v perl >/dev/null; then
    # shellcheck disable=SC2086 # Three words a VIP.
    nice -n -20 perl -e "$by_perl" "$end" $frames || unsaid 'the host could not announce its VIPs'
    exit 0
  fi
  for python in python3 /usr/libexec/platform-python python python2; do
    command -v "$python" >/dev/null || continue
    # shellcheck disable=SC2086
    nice -n -20 "$python" -c "$by_python" "$end" $frames || unsaid 'the host could not announce its VIPs'
    exit 0
  done
  unsaid 'the host has neither perl nor python to announce its VIPs with'
}
# The change itself does not depend on it.
unsaid() { echo "${say_mark}$1: clients may look for its VIPs where they were"; exit 0; }

# Both send every 10 ms until the first argument, in hundredths of a second since the boot, and before all else the host
# does: while one is late, clients may ask a host that has just given the VIP up.
# AF_PACKET is 17, SOCK_RAW 3, ETH_P_ARP 0x0806.
# shellcheck disable=SC2016 # The variables are Perl's.
by_perl='
my ($end, @rest) = @ARGV; my @frames;
socket(my $s, 17, 3, unpack("S", pack("n", 0x0806))) or die "socket: $!\n";
while (my ($device, $index, $frame) = splice(@rest, 0, 3)) {
  push @frames, [pack("S n i S C C a8", 17, 0x0806, $index, 1, 0, 6, "\xff" x 6), pack("H*", $frame)];
}
sub up { open my $u, "<", "/proc/uptime"; return 100 * (split " ", <$u>)[0]; }
while (up() < $end) { send($s, $_->[1], 0, $_->[0]) for @frames; select(undef, undef, undef, 0.01); }
'
by_python='
import binascii, socket, sys, time
rest = sys.argv[2:]
frames = []
while rest:
    s = socket.socket(17, 3, socket.htons(0x0806))
    s.bind((rest[0], 0))
    frames.append((s, binascii.unhexlify(rest[2])))
    rest = rest[3:]
while 100 * float(open("/proc/uptime").read().split()[0]) < int(sys.argv[1]):
    for s, frame in frames:
        s.send(frame)
    time.sleep(0.01)
'
