/**
 * Gratuitous ARP (RFC 5227, section 3) around an agreed moment, from a host that has VIPs which another one is about
 * to give up. That one may have announced them last: keepalived does so again 5 s after it took over
 * (garp_master_delay) and then from time to time (garp_master_refresh), and clients would look for them there.
 */

import { sayMark } from '../model/layout.ts';
import type { Action } from '../model/action.ts';
import type { RemoteJob } from './remote-job.ts';
import { quote } from '../base/quote.ts';
import { waitUntil } from './uptime.ts';

const everyMs = 20;
/** Before the moment: the clocks agree to a few milliseconds only. */
const earlyMs = 100;

export const announce = ({
  addresses,
  atMs,
  forMs,
}: Extract<Action, { readonly do: 'announce' }>): RemoteJob => ({
  script: announcing(addresses, `${atMs ?? 0}`, forMs),
  timeoutMs: 60_000,
  lifeline: true,
  failure: 'COMMAND_FAILED',
  what: 'announcing VIPs',
});

/** sh that does it and exits. `at`: arithmetic of sh, ms since the boot. */
export function announcing(addresses: readonly string[], at: string, forMs: number): string {
  return `${waitUntil}
wait_until $((${at} - ${earlyMs})) || exit 1
frames=
for vip in ${addresses.map(quote).join(' ')}; do
  device=$(ip -o -4 addr show | awk -v vip="$vip" '{ split($4, part, "/"); if (part[1] == vip && $2 != "lo") print $2 }' | head -n 1)
  [ -n "$device" ] || continue
  mac=$(tr -d : < "/sys/class/net/$device/address")
  own=$(printf '%02x%02x%02x%02x' $(echo "$vip" | tr . ' '))
  frames="$frames $device $(cat "/sys/class/net/$device/ifindex") ffffffffffff\${mac}08060001080006040001\${mac}\${own}000000000000\${own}"
done
[ -n "$frames" ] || exit 0
# By time, not by count: on a busy host each takes longer, and what is said too late is wrong.
end=$(((${at} + ${forMs}) / 10))
# The change itself does not depend on it.
unsaid() { echo "${sayMark}$1: clients may look for its VIPs where they were"; exit 0; }
if command -v perl >/dev/null; then
  perl -e ${quote(byPerl)} "$end" $frames || unsaid 'the host could not announce its VIPs'
  exit 0
fi
for python in python3 /usr/libexec/platform-python python python2; do
  command -v "$python" >/dev/null || continue
  "$python" -c ${quote(byPython)} "$end" $frames || unsaid 'the host could not announce its VIPs'
  exit 0
done
unsaid 'the host has neither perl nor python to announce its VIPs with'`;
}

// Both send what the shell has put together: until when, in hundredths of a second since the boot, then device,
// index and frame of each VIP.
// AF_PACKET is 17, SOCK_RAW 3, ETH_P_ARP 0x0806.

const byPerl = `my ($end, @rest) = @ARGV; my @frames;
socket(my $s, 17, 3, unpack("S", pack("n", 0x0806))) or die "socket: $!\\n";
while (my ($device, $index, $frame) = splice(@rest, 0, 3)) {
  push @frames, [pack("S n i S C C a8", 17, 0x0806, $index, 1, 0, 6, "\\xff" x 6), pack("H*", $frame)];
}
sub up { open my $u, "<", "/proc/uptime"; return 100 * (split " ", <$u>)[0]; }
while (up() < $end) { send($s, $_->[1], 0, $_->[0]) for @frames; select(undef, undef, undef, ${everyMs / 1000}); }`;

const byPython = `import binascii, socket, sys, time
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
    time.sleep(${everyMs / 1000})`;
