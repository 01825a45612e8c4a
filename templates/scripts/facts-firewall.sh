# Which firewall is active, and which of its rules are haup's. Where none is installed this starts nothing.
# Arguments: nginx_service ufw_begin ufw_end ufw_rules nft_rules
# Needs: facts-format nft-chains
tool=
# By D-Bus, since each call of firewall-cmd takes a third of a second.
bus() {
  object=$1
  shift
  busctl call org.fedoraproject.FirewallD1 /org/fedoraproject/FirewallD1 "org.fedoraproject.FirewallD1$object" "$@" 2>/dev/null
}
# zone_of INTERFACE: prints its zone, of no interface the default one.
zone_of() {
  if [ -z "$1" ]; then bus '' getDefaultZone; else bus .zone getZoneOfInterface s "$1"; fi
}
# print_lines FILE RECORD: prints the record with each line of the file after it.
print_lines() {
  while IFS= read -r line || [ -n "$line" ]; do printf '%s\t%s\n' "$2" "$line"; done < "$1"
}
if command -v firewall-cmd >/dev/null; then
  set +f
  set -- /etc/firewalld/zones/*.xml
  set -f
  if systemctl -q is-active firewalld.service; then
    tool=firewalld
    printf 'firewall\ttool\tfirewalld\tactive\n'
    shown=' '
    set +f
    for device in '' /sys/class/net/*; do
      set -f
      device=${device##*/}
      [ "$device" != lo ] || continue
      zone=$(zone_of "$device")
      zone=${zone#*\"}
      zone=${zone%\"*}
      [ -n "$zone" ] || continue
      printf 'firewall\tzone\t%s\t%s\n' "$device" "$zone"
      case $shown in *" $zone "*) continue ;; esac
      shown="$shown$zone "
      printf 'firewall\truntime\t%s\t%s\t%s\n' "$zone" "$(bus .zone getServices s "$zone")" "$(bus .zone getRichRules s "$zone")"
    done
    set -f
  elif grep -qs '"haup-' "$@"; then
    printf 'firewall\ttool\tfirewalld\tidle\n'
  fi
  # What is written down for the next start, also while firewalld does not run.
  written=$(exec grep -ls '"haup-' "$@")
  for file in $written; do
    zone=${file##*/}
    print_lines "$file" "firewall${tab}permanent$tab${zone%.xml}"
  done
  ports=/etc/firewalld/services/$nginx_service.xml
  if [ -f "$ports" ]; then print_lines "$ports" "firewall${tab}ports"; fi
fi

# ufw_enabled: whether it is installed and enabled. What is left of one that was removed says so still.
ufw_enabled() {
  command -v ufw >/dev/null || return 1
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      [Ee][Nn][Aa][Bb][Ll][Ee][Dd]=[Yy][Ee][Ss]) return 0 ;;
      [Ee][Nn][Aa][Bb][Ll][Ee][Dd]=[\"\'][Yy][Ee][Ss][\"\']) return 0 ;;
    esac
  done < /etc/ufw/ufw.conf
  return 1
}
if [ -z "$tool" ] && [ -f /etc/ufw/ufw.conf ]; then
  how=idle
  if ufw_enabled; then tool=ufw how=active; fi
  if [ -n "$tool" ] || grep -qs -e "^$ufw_begin\$" -e " $nginx_service-" "$ufw_rules" /etc/ufw/user.rules; then
    printf 'firewall\ttool\tufw\t%s\n' "$how"
    for way in INPUT:in:incoming OUTPUT:out:outgoing; do
      chain=${way%%:*}
      at=${way##*:}
      way=${way#*:}
      grep -qs "^DEFAULT_${chain}_POLICY=\"\{0,1\}ACCEPT" /etc/default/ufw \
        || printf 'firewall\tplace\t%s\t%s\n' "$at" "${way%:*}"
    done
    sed -n -e "/^$ufw_begin\$/,/^$ufw_end\$/!d" \
      -e 's/^-A ufw-before-input .*--comment "haup \([a-z]* [0-9. ]*\)" .*/firewall	rule	incoming	\1/p' \
      -e 's/^-A ufw-before-output .*--comment "haup \([a-z]* [0-9. ]*\)" .*/firewall	rule	outgoing	\1/p' "$ufw_rules"
    sed -n "s/^### tuple ### allow tcp \([0-9]*\) 0\.0\.0\.0\/0 any 0\.0\.0\.0\/0 $nginx_service-\1 - in.*/firewall	rule	incoming	tcp \1/p" \
      /etc/ufw/user.rules
  fi
fi

# Of every tool: another may drop what it lets through.
ruleset=
if command -v nft >/dev/null; then ruleset=$(exec nft -a list ruleset 2>/dev/null); fi
if [ -n "$ruleset" ]; then
  open_rules=,
  if [ -f "$nft_rules" ]; then
    while IFS= read -r line || [ -n "$line" ]; do open_rules=$open_rules$line,; done < "$nft_rules"
  fi
  # shellcheck disable=SC2154 # nft-chains has set it.
  awk -v tool="$tool" -v open_rules="$open_rules" "$nft_chains"'END {
  for (i = 1; i <= count; i++) if (keys[i] ~ / firewalld /) native = 1
  for (i = 1; i <= count; i++) {
    key = keys[i]
    for (n = 1; n <= own[key]; n++)
      if (index(open_rules, "," texts[key, n] ",")) print "firewall\trule\t" key "\t" texts[key, n]
    if (!blocks(key)) continue
    if (!foreign(key)) print "firewall\t" (tool == "" ? "place" : "other") "\t" key "\t" (hook[key] == "output" ? "out" : "in")
    else if (key ~ / firewalld /) { if (tool != "firewalld") print "firewall\tother\tthe table that firewalld has left" }
    # ufw, and a firewalld that has no table of its own, filter by iptables.
    else if (tool == "" || (tool == "firewalld" && native)) print "firewall\tother\tiptables"
  }
}' <<END
$ruleset
END
fi

# iptables from before nftables, or without nft. Reading a table that is not loaded would load it.
loaded=
if [ -f /proc/net/ip_tables_names ]; then
  while IFS= read -r line; do
    case $line in *filter*) loaded=filter ;; esac
  done < /proc/net/ip_tables_names
fi
for program in iptables-legacy iptables; do
  [ -z "$tool" ] || break
  command -v "$program" >/dev/null || continue
  if [ -z "$loaded" ] && command -v nft >/dev/null; then continue; fi
  case "$loaded $(exec "$program" -V)" in
    *filter*legacy*|*filter*v1.[0-7].*|*filter*v1.4*) ;;
    *nf_tables*) if command -v nft >/dev/null; then continue; fi ;;
    *) continue ;;
  esac
  for chain in INPUT OUTPUT; do
    "$program" -S "$chain" 2>/dev/null | awk '
/^-P [A-Z]* DROP/ { drops = 1 }
{ last = $0 }
END { if (drops || last ~ /^-A [A-Z]* -j (DROP|REJECT)/) print "firewall\tother\tiptables" }'
  done
  break
done
