# For nftables, which has no rules of its own: in each chain that drops the unknown haup's rules come at its end, after
# all that it refuses by name. One transaction takes the old ones away and adds the new.
# Arguments: nft_rules
# Needs: nft-chains
PATH=/usr/sbin:/usr/bin:/sbin:/bin
set -eu
wanted=
[ ! -f "$nft_rules" ] || wanted=$(tr '\n' ',' < "$nft_rules")
rules=$(nft -a list ruleset)
# shellcheck disable=SC2154 # nft-chains has set them.
changes=$(printf '%s\n' "$rules" | awk -v wanted="$wanted" "$nft_match$nft_chains"'END {
  for (i = 1; i <= count; i++) {
    key = keys[i]
    for (n = 1; n <= own[key]; n++) print "delete rule", key, "handle", handles[key, n]
    if (!blocks(key) || foreign(key)) continue
    m = split(wanted, lines, ",")
    for (n = 1; n <= m; n++) {
      if (match_of(lines[n], hook[key]) == "") continue
      where = ends(key, 0) ? "insert rule " key " position " final[key] : "add rule " key
      print where, match_of(lines[n], hook[key]), "accept comment \"haup " lines[n] "\""
    }
  }
}')
[ -z "$changes" ] || printf '%s\n' "$changes" | nft -f -
