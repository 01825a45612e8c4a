/**
 * What a host hears on its segment when it asks and listens for a moment: who answers for an address that no member
 * has, and who sends VRRP adverts. Script and parser live together; lines of tab-separated fields, the last is `end`.
 *
 * It leaves nothing behind: the kernel's neighbour table is a cache, and the entries that are asked for are removed.
 */

import type { HostName } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { Advert, Claim, WireFacts } from '../model/facts.ts';
import type { ReadScript } from '../model/host.ts';

export interface WireRequest {
  /** Addresses to ask for, each on an interface. */
  readonly ask: readonly { readonly address: string; readonly interface: string }[];
  /** Interfaces to hear adverts on. */
  readonly hear: readonly string[];
  /** How long to listen. */
  readonly seconds: number;
}

const word = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** 224.0.0.18, the group of VRRP adverts, joined by interface: IP_ADD_MEMBERSHIP of Linux is 35. */
const perl = `use Socket; my $limit = shift;
socket(S, PF_INET, SOCK_RAW, 112) or exit 1;
for (@ARGV) { setsockopt(S, 0, 35, inet_aton("224.0.0.18") . INADDR_ANY . pack("i", $_)); }
my $end = time + $limit;
while (time < $end) {
  my $r = ""; vec($r, fileno(S), 1) = 1; select($r, undef, undef, 0.2) > 0 or next;
  my $from = recv(S, my $b, 2048, 0) or next; my ($port, $sender) = sockaddr_in($from);
  my $h = (ord($b) & 15) * 4; next if length($b) < $h + 8;
  my ($type, $vrid, $priority, $count) = unpack("C4", substr($b, $h));
  my @vips = map { inet_ntoa(substr($b, $h + 8 + 4 * $_, 4)) } grep { length($b) >= $h + 12 + 4 * $_ } 0 .. $count - 1;
  print join("\\t", "advert", inet_ntoa($sender), $type >> 4, $vrid, $priority, join(",", @vips)), "\\n";
}`;

/** Python 2 and 3. */
const python = `import socket, struct, sys, time
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
    print("\\t".join(["advert", sender[0], str(b[h] >> 4), str(b[h + 1]), str(b[h + 2]), ",".join(vips)]))`;

/**
 * An address is asked for as the kernel asks for any neighbour: a broadcast each second. iproute2 before 4.19 has no
 * \`use\` for that; there the kernel is made to ask a neighbour at the broadcast address whether it is still there, and
 * believes another answer only after a second (arp's locktime).
 */
export function wireScript({ ask, hear, seconds }: WireRequest): ReadScript {
  return `export LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
asked=; wait=1.2
ask() {
  # One that somebody has set for good is left alone.
  [ -z "$(ip neigh show "$1" dev "$2" nud permanent 2>/dev/null)" ] || return 0
  ip neigh del "$1" dev "$2" 2>/dev/null
  if ip neigh replace "$1" dev "$2" use 2>/dev/null; then asked="$asked $1/$2"
  elif ip neigh replace "$1" lladdr ff:ff:ff:ff:ff:ff nud probe dev "$2" 2>/dev/null; then asked="$asked $1/$2"; wait=2.3
  fi
}
forget() { for pair in $asked; do ip neigh del "\${pair%/*}" dev "\${pair#*/}" 2>/dev/null; done; }
trap forget EXIT
trap 'exit 0' HUP INT TERM PIPE
${ask.map(({ address, interface: name }) => `ask ${word(address)} ${word(name)}`).join('\n')}
links=; for name in ${hear.map(word).join(' ')}; do links="$links $(cat "/sys/class/net/$name/ifindex" 2>/dev/null)"; done
if [ -n "$links" ]; then
  heard=no
  for python in python3 /usr/libexec/platform-python python2 python; do
    command -v "$python" >/dev/null && "$python" -c ${word(python)} ${seconds} $links 2>/dev/null && { heard=yes; break; }
  done
  [ "$heard" = yes ] || { command -v perl >/dev/null && perl -e ${word(perl)} ${seconds} $links 2>/dev/null && heard=yes; }
  [ "$heard" = yes ] || { echo deaf; [ -z "$asked" ] || sleep "$wait"; }
elif [ -n "$asked" ]; then sleep "$wait"; fi
for pair in $asked; do
  ip neigh show "\${pair%/*}" dev "\${pair#*/}" | while read -r address rest; do
    case $rest in *FAILED*|*INCOMPLETE*|*ff:ff:ff:ff:ff:ff*) ;; *lladdr*) mac=\${rest#*lladdr }; printf 'claim\\t%s\\t%s\\t%s\\n' "$address" "\${pair#*/}" "\${mac%% *}" ;; esac
  done
done
echo end
` as ReadScript;
}

/** Throws FACTS_UNREADABLE when it is cut off. */
export function parseWire(host: HostName, output: Uint8Array): WireFacts {
  const lines = Buffer.from(output).toString('utf8').split('\n');
  if (lines.at(-2) !== 'end') {
    throw new HaupError('FACTS_UNREADABLE', 'The host answered, but what it heard is cut off.', {
      host,
      hint: 'Run the command again; with --debug it shows what the host said.',
      detail: lines.slice(-5),
    });
  }
  const records = lines.map((line) => line.split('\t'));
  const adverts = records.flatMap(([kind, ...fields]): readonly Advert[] => {
    const [from = '', version, vrid, priority, vips = ''] = fields;
    if (kind !== 'advert') return [];
    const addresses = vips.split(',').filter((one) => one !== '');
    return [
      {
        from,
        version: Number(version),
        virtualRouterId: Number(vrid),
        priority: Number(priority),
        addresses,
      },
    ];
  });
  return {
    // The last word of each sender for each VRID.
    adverts: [...new Map(adverts.map((one) => [`${one.from} ${one.virtualRouterId}`, one])).values()],
    claims: records.flatMap(([kind, address = '', name = '', mac = '']): readonly Claim[] =>
      kind === 'claim' ? [{ address, interface: name, mac }] : [],
    ),
    deaf: records.some(([kind]) => kind === 'deaf'),
  };
}
