/** Rules of haup's own in ufw, as sh; nothing is reloaded, and nothing of haup's is missing for a moment. */

import {
  firewallNames,
  type PlacedRule,
  ruleWords,
  ufwBlock,
  ufwProfile,
  ufwRules,
} from '../../model/firewall-rules.ts';
import { recording } from '../recording.ts';
import { quote } from '../../base/quote.ts';

const chains = { incoming: 'ufw-before-input', outgoing: 'ufw-before-output' };
const application = firewallNames.nginx;
const { begin, end } = ufwBlock;

export function ufw(rules: readonly PlacedRule[]): string {
  const own = rules.flatMap(({ at, rule }) => {
    const chain = at === 'outgoing' ? chains.outgoing : chains.incoming;
    return rule.kind === 'tcp' ? [] : [`${chain} ${ruleWords(rule)}`];
  });
  const ports = rules.flatMap(({ rule }) => (rule.kind === 'tcp' ? [rule.port] : []));
  // For taking away what is there: ufw itself may be gone by then.
  const only = rules.length === 0 ? `if [ -f ${ufwRules} ]; then` : '';
  return `${recording}
${only}
${inChains(own)}
${only === '' ? '' : 'fi'}
${applications([...new Set(ports)], rules.length > 0)}`;
}

/**
 * A block in the file that ufw keeps for what its own commands cannot say, and the same in its chains.
 * @param own chain and words
 */
const inChains = (own: readonly string[]): string => `match_of() {
  case $1.$2 in
    *.ask) echo "-d $3 -p tcp --dport $4" ;;
    *-input.vrrp) echo "-s $3\${4:+ -d $4} -p 112" ;;
    *) echo "-d \${4:-$3} -p 112" ;;
  esac
}
wanted=$(mktemp)
trap 'rm -f "$wanted" ${ufwRules}.haup-new' EXIT
${own.length === 0 ? ':' : `printf '%s\\n' ${own.map(quote).join(' ')} > "$wanted"`}
if iptables -w -n -L ${chains.incoming} >/dev/null 2>&1; then
  rule() { iptables -w $1 $2 $(match_of $2 $3) -m comment --comment "haup $3" -j ACCEPT; }
  while read -r c words; do rule -C $c "$words" 2>/dev/null || rule -A $c "$words"; done < "$wanted"
  for c in ${chains.incoming} ${chains.outgoing}; do
    iptables -w -S $c | sed -n 's/.* --comment "haup \\([a-z]* [0-9. ]*\\)" .*/\\1/p' | while read -r words; do
      grep -qxF "$c $words" "$wanted" || rule -D $c "$words"
    done
  done
fi
lines=$(while read -r c words; do
  printf -- '-A %s %s -m comment --comment "haup %s" -j ACCEPT\\n' "$c" "$(match_of $c $words)" "$words"
done < "$wanted")
lines="$lines" awk '
$0 == "${begin}" { skip = 1 }
/^\\*/ { table = $0 }
$0 == "COMMIT" && table == "*filter" && ENVIRON["lines"] != "" { print "${begin}"; print ENVIRON["lines"]; print "${end}" }
!skip
$0 == "${end}" { skip = 0 }' ${ufwRules} > ${ufwRules}.haup-new
if [ -n "$lines" ] && ! grep -q '^${begin}$' ${ufwRules}.haup-new; then echo '${ufwRules} has no COMMIT of *filter' >&2; exit 1; fi
if ! cmp -s ${ufwRules}.haup-new ${ufwRules}; then
  chown --reference=${ufwRules} ${ufwRules}.haup-new
  chmod --reference=${ufwRules} ${ufwRules}.haup-new
  sync ${ufwRules}.haup-new
  mv -f ${ufwRules}.haup-new ${ufwRules}
fi`;

/**
 * One application for each port: of an application whose ports change, ufw would have to load all rules anew,
 * which it refuses to do under ssh. ufw can delete a rule only while its application is known.
 */
const applications = (
  ports: readonly number[],
  stays: boolean,
): string => `known() { [ ! -f /etc/ufw/user.rules ] || sed -n 's/^### tuple ### allow tcp \\([0-9]*\\) [^ ]* any [^ ]* ${application}-\\1 - in.*/\\1/p' /etc/ufw/user.rules; }
describe() {
  for p in $(printf '%s\\n' "$@" | sort -nu); do
    printf '[${application}-%s]\\ntitle=nginx of haup\\ndescription=Where nginx listens, as the inventory of haup says\\nports=%s/tcp\\n' "$p" "$p"
  done > ${ufwProfile}.haup-new
  if cmp -s ${ufwProfile}.haup-new ${ufwProfile}; then rm -f ${ufwProfile}.haup-new; return; fi
  keep ${ufwProfile} ${ufwProfile}.haup-new
  mv -f ${ufwProfile}.haup-new ${ufwProfile}
  kept ${ufwProfile}
}
[ -f ${ufwProfile} ] && was=there || was=
before=$(known)
[ -z "\${before}${ports.join('')}" ] || describe $before ${ports.join(' ')}
for p in ${ports.join(' ')}; do
  case " "$(echo $before)" " in *" $p "*) ;; *) ufw allow ${application}-$p comment haup ;; esac
done
for p in $before; do
  case ${quote(` ${ports.join(' ')} `)} in *" $p "*) ;; *) if command -v ufw >/dev/null; then ufw delete allow ${application}-$p; fi ;; esac
done
${stays ? (ports.length > 0 ? `describe ${ports.join(' ')}` : ':') : `[ -n "$was" ] || give_back ${ufwProfile}`}`;
