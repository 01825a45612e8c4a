# Sets haup's own rules in ufw, or removes them; nothing is reloaded, and no rule of haup's is missing for a moment.
# `own`: chain and words of each rule that ufw's own commands cannot say; `ports`: where nginx listens; `open`: there
# are rules.
# Arguments: own ports open incoming outgoing ufw_rules ufw_profile application block_begin block_end
# Needs: recording
set -e

# Prints how iptables says a rule of haup's: match_of CHAIN KIND ADDRESS [ADDRESS OR PORT].
match_of() {
  case $1.$2 in
    *.ask) echo "-d $3 -p tcp --dport $4" ;;
    *-input.vrrp) echo "-s $3${4:+ -d $4} -p 112" ;;
    *) echo "-d ${4:-$3} -p 112" ;;
  esac
}
# shellcheck disable=SC2046,SC2086 # Words.
rule() { iptables -w $1 $2 $(match_of $2 $3) -m comment --comment "haup $3" -j ACCEPT; }
# A block in the file that ufw keeps for what its own commands cannot say, and the same in its chains.
set_chains() {
  wanted=$(mktemp)
  trap 'rm -f "$wanted" "$ufw_rules.haup-new"' EXIT
  [ -z "$own" ] || printf '%s\n' "$own" > "$wanted"
  if iptables -w -n -L "$incoming" >/dev/null 2>&1; then
    while read -r c words; do rule -C "$c" "$words" 2>/dev/null || rule -A "$c" "$words"; done < "$wanted"
    for c in "$incoming" "$outgoing"; do
      iptables -w -S "$c" | sed -n 's/.* --comment "haup \([a-z]* [0-9. ]*\)" .*/\1/p' | while read -r words; do
        grep -qxF "$c $words" "$wanted" || rule -D "$c" "$words"
      done
    done
  fi
  lines=$(while read -r c words; do
    # shellcheck disable=SC2086 # Words.
    printf -- '-A %s %s -m comment --comment "haup %s" -j ACCEPT\n' "$c" "$(match_of "$c" $words)" "$words"
  done < "$wanted")
  lines="$lines" awk -v begin="$block_begin" -v end="$block_end" '
    $0 == begin { skip = 1 }
    /^\*/ { table = $0 }
    $0 == "COMMIT" && table == "*filter" && ENVIRON["lines"] != "" { print begin; print ENVIRON["lines"]; print end }
    !skip
    $0 == end { skip = 0 }' "$ufw_rules" > "$ufw_rules.haup-new"
  if [ -n "$lines" ] && ! grep -qxF "$block_begin" "$ufw_rules.haup-new"; then
    echo "$ufw_rules has no COMMIT of *filter" >&2
    exit 1
  fi
  if ! cmp -s "$ufw_rules.haup-new" "$ufw_rules"; then
    chown --reference="$ufw_rules" "$ufw_rules.haup-new"
    chmod --reference="$ufw_rules" "$ufw_rules.haup-new"
    sync "$ufw_rules.haup-new"
    mv -f "$ufw_rules.haup-new" "$ufw_rules"
  fi
}
# To remove what is there: ufw itself may be gone by then.
if [ -n "$open" ] || [ -f "$ufw_rules" ]; then set_chains; fi

# One application for each port: of an application whose ports change, ufw would have to load all rules anew, which it
# refuses to do under ssh. ufw can delete a rule only while its application is known.
known() {
  [ ! -f /etc/ufw/user.rules ] ||
    sed -n "s/^### tuple ### allow tcp \\([0-9]*\\) [^ ]* any [^ ]* $application-\\1 - in.*/\\1/p" /etc/ufw/user.rules
}
describe() {
  for p in $(printf '%s\n' "$@" | sort -nu); do
    printf '[%s-%s]\ntitle=nginx of haup\ndescription=Where nginx listens, as the inventory of haup says\nports=%s/tcp\n' "$application" "$p" "$p"
  done > "$ufw_profile.haup-new"
  if cmp -s "$ufw_profile.haup-new" "$ufw_profile"; then rm -f "$ufw_profile.haup-new"; return; fi
  keep "$ufw_profile" "$ufw_profile.haup-new"
  mv -f "$ufw_profile.haup-new" "$ufw_profile"
  kept "$ufw_profile"
}
# has LIST ITEM
has() { printf '%s\n' "$1" | grep -qxF "$2"; }
[ -f "$ufw_profile" ] && was=there || was=
before=$(known)
# shellcheck disable=SC2086 # Numbers.
[ -z "$before$ports" ] || describe $before $ports
for p in $ports; do
  has "$before" "$p" || ufw allow "$application-$p" comment haup
done
for p in $before; do
  if ! has "$ports" "$p" && command -v ufw >/dev/null; then ufw delete allow "$application-$p"; fi
done
if [ -z "$open" ]; then
  [ -n "$was" ] || give_back "$ufw_profile"
elif [ -n "$ports" ]; then
  # shellcheck disable=SC2086 # Numbers.
  describe $ports
fi
