# Sets haup's own rules in firewalld, or removes them (without `zones`): first at runtime, then in what is written down;
# nothing is reloaded. `named_rules` and `plain_rules`: a zone and a rich rule a line, permanent and at runtime; `ports`:
# 80/tcp.
#
# What is added at runtime is remembered, so that it is told from a rule that the operator has made in the same words.
# Files that firewalld keeps of services that are gone are haup's by their names.
# Arguments: zones ports named_rules plain_rules vrrp nginx record_directory
# Needs: recording
set -e
newline='
'
live=; if systemctl -q is-active firewalld.service; then live=yes; fi
bus() { m=$1; shift; busctl call org.fedoraproject.FirewallD1 /org/fedoraproject/FirewallD1 org.fedoraproject.FirewallD1.zone "$m" "$@"; }
there() { [ "$(bus queryRichRule ss "$1" "$2" 2>/dev/null)" = 'b true' ]; }
perm() { if [ -n "$live" ]; then firewall-cmd --permanent "$@"; else firewall-offline-cmd "$@"; fi; }
# has LIST ITEM
has() { case $newline$1$newline in *"$newline$2$newline"*) ;; *) return 1 ;; esac; }
# shellcheck disable=SC2013 # Paths without spaces.
found_zones=$(for f in $(grep -ls '"haup-' /etc/firewalld/zones/*.xml); do f=${f##*/}; echo "${f%.xml}"; done)
named=$(mktemp); plain=$(mktemp)
trap 'rm -f "$named" "$plain"' EXIT
[ -z "$named_rules" ] || printf '%s\n' "$named_rules" > "$named"
[ -z "$plain_rules" ] || printf '%s\n' "$plain_rules" > "$plain"

if [ -n "$live" ]; then
  while read -r z rule; do
    there "$z" "$rule" || { remember firewall "$z $rule"; bus addRichRule ssi "$z" "$rule" 0 >/dev/null; }
  done < "$plain"
  for z in $found_zones; do
    if [ "$(bus queryService ss "$z" "$nginx" 2>/dev/null)" = 'b true' ]; then bus removeService ss "$z" "$nginx" >/dev/null; fi
    firewall-cmd --zone="$z" --list-rich-rules | grep -F "\"$vrrp\"" | while read -r rule; do bus removeRichRule ss "$z" "$rule" >/dev/null; done || true
  done
  if [ -f "$record_directory/firewall" ]; then
    grep -vxFf "$plain" "$record_directory/firewall" | while read -r z rule; do
      if there "$z" "$rule"; then bus removeRichRule ss "$z" "$rule" >/dev/null; fi
      forget firewall "$z $rule"
    done || true
  fi
fi

open_services() {
  for s in "$vrrp" "$nginx"; do
    if [ ! -f "/etc/firewalld/services/$s.xml" ]; then perm --new-service="$s" >/dev/null; fi
  done
  perm --service="$vrrp" --add-protocol=112 >/dev/null
  set --
  for p in $ports; do set -- "$@" "--add-port=$p"; done
  [ $# = 0 ] || perm --service="$nginx" "$@" >/dev/null
  for p in $(perm --service="$nginx" --get-ports); do
    has "$ports" "$p" || perm --service="$nginx" --remove-port="$p" >/dev/null
  done
}
open_zone() {
  zone=$1
  # firewalld copies a zone of its own there to change it.
  [ -e "/etc/firewalld/zones/$zone.xml" ] || [ -e "/etc/firewalld/zones/$zone.xml.old" ] || remember zones "$zone"
  perm --zone="$zone" --add-service="$nginx" >/dev/null
  set --
  while read -r z rule; do [ "$z" != "$zone" ] || set -- "$@" "--add-rich-rule=$rule"; done < "$named"
  [ $# = 0 ] || perm --zone="$zone" "$@" >/dev/null
}
if [ -n "$zones" ]; then
  open_services
  for z in $zones; do open_zone "$z"; done
fi
for z in $found_zones; do
  if ! has "$zones" "$z" && perm --zone="$z" --query-service="$nginx" >/dev/null; then
    perm --zone="$z" --remove-service="$nginx" >/dev/null
  fi
  perm --zone="$z" --list-rich-rules | grep -F "\"$vrrp\"" | while read -r rule; do
    if ! grep -qxF -- "$z $rule" "$named"; then perm --zone="$z" --remove-rich-rule="$rule" >/dev/null; fi
  done || true
done
[ -z "$zones" ] || exit 0

for s in "$vrrp" "$nginx"; do
  if [ -f "/etc/firewalld/services/$s.xml" ]; then perm --delete-service="$s" >/dev/null; fi
  rm -f "/etc/firewalld/services/$s.xml.old"
done
[ -f "$record_directory/zones" ] || exit 0
bare() { tr -d ' \t\n' < "$1" | sed 's/^<?xml[^>]*>//'; }
while read -r z; do
  if [ -f "/etc/firewalld/zones/$z.xml" ] && [ "$(bare "/etc/firewalld/zones/$z.xml")" = "$(bare "/usr/lib/firewalld/zones/$z.xml")" ]; then
    perm --load-zone-defaults="$z" >/dev/null
    rm -f "/etc/firewalld/zones/$z.xml.old"
  fi
done < "$record_directory/zones"
