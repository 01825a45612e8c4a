/** Rules of haup's own in firewalld, as sh: first at runtime, then in what is written down; nothing is reloaded. */

import { firewallNames, isInward, type PlacedRule, richRule } from '../../model/firewall-rules.ts';
import { recordDirectory } from '../../model/layout.ts';
import { recording } from '../recording.ts';
import { quote } from '../../base/quote.ts';

const { vrrp, nginx } = firewallNames;
const mine = `${recordDirectory}/firewall`;

/**
 * What is added at runtime is remembered, so that it is told from a rule that the operator has made in the same
 * words. Files that firewalld keeps of services that are gone are haup's by their names.
 */
export function firewalld(placed: readonly PlacedRule[]): string {
  const rules = placed.flatMap(({ at, rule }) => (isInward(rule) ? [{ at, rule }] : []));
  const zones = [...new Set(rules.map(({ at }) => at))];
  const ports = [...new Set(rules.flatMap(({ rule }) => (rule.kind === 'tcp' ? [rule.port] : [])))];
  const namedIn = (zone: string): readonly string[] =>
    rules.flatMap(({ at, rule }) => (at === zone && rule.kind === 'vrrp' ? [richRule(rule, 'named')] : []));
  const listed = (lines: readonly string[]): string =>
    lines.length === 0 ? ':' : `printf '%s\\n' ${lines.map(quote).join(' ')}`;
  return `${recording}
live=; if systemctl -q is-active firewalld.service; then live=yes; fi
bus() { m=$1; shift; busctl call org.fedoraproject.FirewallD1 /org/fedoraproject/FirewallD1 org.fedoraproject.FirewallD1.zone "$m" "$@"; }
there() { [ "$(bus queryRichRule ss "$1" "$2" 2>/dev/null)" = 'b true' ]; }
perm() { if [ -n "$live" ]; then firewall-cmd --permanent "$@"; else firewall-offline-cmd "$@"; fi; }
zones=$(for f in $(grep -ls '"haup-' /etc/firewalld/zones/*.xml); do f=\${f##*/}; echo "\${f%.xml}"; done)
named=$(mktemp); plain=$(mktemp)
trap 'rm -f "$named" "$plain"' EXIT
${listed(rules.flatMap(({ at, rule }) => (rule.kind === 'vrrp' ? [`${at} ${richRule(rule, 'named')}`] : [])))} > "$named"
${listed(rules.map(({ at, rule }) => `${at} ${richRule(rule, 'plain')}`))} > "$plain"
if [ -n "$live" ]; then
  while read -r z rule; do
    there "$z" "$rule" || { remember firewall "$z $rule"; bus addRichRule ssi "$z" "$rule" 0 >/dev/null; }
  done < "$plain"
  for z in $zones; do
    if [ "$(bus queryService ss "$z" ${nginx} 2>/dev/null)" = 'b true' ]; then bus removeService ss "$z" ${nginx} >/dev/null; fi
    firewall-cmd --zone="$z" --list-rich-rules | grep -F '"${vrrp}"' | while read -r rule; do bus removeRichRule ss "$z" "$rule" >/dev/null; done || true
  done
  if [ -f ${mine} ]; then
    grep -vxFf "$plain" ${mine} | while read -r z rule; do
      if there "$z" "$rule"; then bus removeRichRule ss "$z" "$rule" >/dev/null; fi
      forget firewall "$z $rule"
    done || true
  fi
fi
${zones.length === 0 ? '' : open(zones, ports, namedIn)}
for z in $zones; do
${zones.length === 0 ? '  if perm --zone="$z" --query-service=' + nginx + ' >/dev/null; then perm --zone="$z" --remove-service=' + nginx + ' >/dev/null; fi' : `  case ${quote(` ${zones.join(' ')} `)} in *" $z "*) ;; *) if perm --zone="$z" --query-service=${nginx} >/dev/null; then perm --zone="$z" --remove-service=${nginx} >/dev/null; fi ;; esac`}
  perm --zone="$z" --list-rich-rules | grep -F '"${vrrp}"' | while read -r rule; do
    if ! grep -qxF -- "$z $rule" "$named"; then perm --zone="$z" --remove-rich-rule="$rule" >/dev/null; fi
  done || true
done
${
  zones.length > 0
    ? ''
    : `for s in ${vrrp} ${nginx}; do
  if [ -f /etc/firewalld/services/$s.xml ]; then perm --delete-service=$s >/dev/null; fi
  rm -f /etc/firewalld/services/$s.xml.old
done
if [ -f ${recordDirectory}/zones ]; then
  bare() { tr -d ' \\t\\n' < "$1" | sed 's/^<?xml[^>]*>//'; }
  while read -r z; do
    if [ -f /etc/firewalld/zones/"$z".xml ] && [ "$(bare /etc/firewalld/zones/"$z".xml)" = "$(bare /usr/lib/firewalld/zones/"$z".xml)" ]; then
      perm --load-zone-defaults="$z" >/dev/null
      rm -f /etc/firewalld/zones/"$z".xml.old
    fi
  done < ${recordDirectory}/zones
fi`
}`;
}

function open(
  zones: readonly string[],
  ports: readonly number[],
  namedIn: (zone: string) => readonly string[],
): string {
  const wanted = ports.map((port) => `${port}/tcp`);
  return `for s in ${vrrp} ${nginx}; do
  if [ ! -f /etc/firewalld/services/$s.xml ]; then perm --new-service=$s >/dev/null; fi
done
perm --service=${vrrp} --add-protocol=112 >/dev/null
${ports.length === 0 ? ':' : `perm --service=${nginx} ${wanted.map((port) => `--add-port=${port}`).join(' ')} >/dev/null`}
for p in $(perm --service=${nginx} --get-ports); do
  case ${quote(` ${wanted.join(' ')} `)} in *" $p "*) ;; *) perm --service=${nginx} --remove-port="$p" >/dev/null ;; esac
done
${zones
  .map((zone) => {
    const rich = namedIn(zone).map((rule) => `--add-rich-rule=${quote(rule)}`);
    const at = `perm --zone=${quote(zone)}`;
    const file = quote(`/etc/firewalld/zones/${zone}.xml`);
    return [
      // firewalld copies a zone of its own there to change it.
      `[ -e ${file} ] || [ -e ${file}.old ] || remember zones ${quote(zone)}`,
      `${at} --add-service=${nginx} >/dev/null`,
      ...(rich.length === 0 ? [] : [`${at} ${rich.join(' ')} >/dev/null`]),
    ].join('\n');
  })
  .join('\n')}`;
}
