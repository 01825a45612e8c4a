/** Which firewall is active, and which of its rules are haup's: sh that prints it, and changes nothing. */

import { firewallNames, nftRules, ufwBlock, ufwRules } from '../model/firewall-rules.ts';
import { nftChains } from '../model/nft-chains.ts';

const print = (what: string): string => `printf 'firewall\\t${what}\\n'`;

/** By D-Bus, since each call of firewall-cmd takes a third of a second. */
const bus = `bus() { o=$1; shift; busctl call org.fedoraproject.FirewallD1 /org/fedoraproject/FirewallD1 "org.fedoraproject.FirewallD1$o" "$@" 2>/dev/null; }`;

const firewalld = `${print('tool\\tfirewalld\\tactive')}
  ${bus}
  shown=' '
  for d in '' /sys/class/net/*; do
    d=\${d##*/}
    case $d in lo) continue ;; '') z=$(bus '' getDefaultZone) ;; *) z=$(bus .zone getZoneOfInterface s "$d") ;; esac
    z=\${z#*\\"}; z=\${z%\\"*}
    [ -n "$z" ] || continue
    ${print('zone\\t%s\\t%s')} "$d" "$z"
    case $shown in *" $z "*) continue ;; esac
    shown="$shown$z "
    ${print('runtime\\t%s\\t%s\\t%s')} "$z" "$(bus .zone getServices s "$z" | base64 -w0)" "$(bus .zone getRichRules s "$z" | base64 -w0)"
  done`;

/** What is written down for the next start, also while firewalld does not run. */
const firewalldFiles = `for f in $(grep -ls '"haup-' /etc/firewalld/zones/*.xml); do
    z=\${f##*/}
    ${print('permanent\\t%s\\t%s')} "\${z%.xml}" "$(base64 -w0 "$f")"
  done
  ports=/etc/firewalld/services/${firewallNames.nginx}.xml
  [ -f $ports ] && ${print('ports\\t%s')} "$(base64 -w0 $ports)"`;

const ufw = `${print('tool\\tufw\\t%s')} "$how"
  for w in INPUT:in:incoming OUTPUT:out:outgoing; do
    a=\${w##*:}; i=\${w%%:*}; w=\${w#*:}
    grep -qs "^DEFAULT_\${i}_POLICY=\\"\\{0,1\\}ACCEPT" /etc/default/ufw || ${print('place\\t%s\\t%s')} "$a" "\${w%:*}"
  done
  sed -n '/^${ufwBlock.begin}$/,/^${ufwBlock.end}$/s/^-A ufw-before-\\(in\\|out\\)put .*--comment "haup \\([a-z]* [0-9. ]*\\)" .*/firewall\\trule\\t\\1going\\t\\2/p' ${ufwRules} | sed 's/\\tingoing\\t/\\tincoming\\t/'
  sed -n 's/^### tuple ### allow tcp \\([0-9]*\\) 0\\.0\\.0\\.0\\/0 any 0\\.0\\.0\\.0\\/0 ${firewallNames.nginx}-\\1 - in.*/firewall\\trule\\tincoming\\ttcp \\1/p' /etc/ufw/user.rules`;

/** Of every tool: another may drop what it lets through. */
const nftables = `nft -a list ruleset 2>/dev/null | awk -v tool="$tool" -v known="$(tr '\\n' ',' 2>/dev/null < ${nftRules})" '
${nftChains}END {
  for (i = 1; i <= count; i++) if (keys[i] ~ / firewalld /) native = 1
  for (i = 1; i <= count; i++) {
    key = keys[i]
    for (n = 1; n <= own[key]; n++)
      if (index("," known, "," texts[key, n] ",")) print "firewall\\trule\\t" key "\\t" texts[key, n]
    if (!blocks(key)) continue
    if (!foreign(key)) print "firewall\\t" (tool == "" ? "place" : "other") "\\t" key "\\t" (hook[key] == "output" ? "out" : "in")
    else if (key ~ / firewalld /) { if (tool != "firewalld") print "firewall\\tother\\tthe table that firewalld has left" }
    # ufw, and a firewalld that has no table of its own, filter by iptables.
    else if (tool == "" || (tool == "firewalld" && native)) print "firewall\\tother\\tiptables"
  }
}'`;

/** iptables of before nftables, or without nft; reading a table that is not loaded would load it. */
const iptables = `for p in iptables-legacy iptables; do
    command -v $p >/dev/null || continue
    case "$(cat /proc/net/ip_tables_names 2>/dev/null) $($p -V)" in *filter*legacy*|*filter*v1.[0-7].*|*filter*v1.4*) ;; *nf_tables*) ! command -v nft >/dev/null || continue ;; *) continue ;; esac
    for c in INPUT OUTPUT; do
      $p -S $c 2>/dev/null | awk '/^-P [A-Z]* DROP/ { d = 1 } { l = $0 } END { if (d || l ~ /^-A [A-Z]* -j (DROP|REJECT)/) print "firewall\\tother\\tiptables" }'
    done
    break
  done`;

/**
 * Lines that begin with `firewall`. Where none of the programs is installed it starts none: `command` is the
 * shell's own.
 */
export const firewallScript: string = `tool=
if command -v firewall-cmd >/dev/null; then
  if systemctl -q is-active firewalld.service; then
    tool=firewalld
    ${firewalld}
  elif grep -qs '"haup-' /etc/firewalld/zones/*.xml; then
    ${print('tool\\tfirewalld\\tidle')}
  fi
  ${firewalldFiles}
fi
if [ -z "$tool" ] && [ -f /etc/ufw/ufw.conf ]; then
  how=idle
  # What is left of one that was removed says so still.
  if command -v ufw >/dev/null && grep -qix 'enabled=["'\\'']\\{0,1\\}yes["'\\'']\\{0,1\\}' /etc/ufw/ufw.conf; then tool=ufw how=active; fi
  if [ -n "$tool" ] || grep -qs '^${ufwBlock.begin}$' ${ufwRules} || grep -qs ' ${firewallNames.nginx}-' /etc/ufw/user.rules; then
    ${ufw}
  fi
fi
if command -v nft >/dev/null; then
  ${nftables}
fi
if [ -z "$tool" ]; then
  ${iptables}
fi
`;
