# awk that finds the chains of nftables which drop what they do not know, in the output of `nft -a list ruleset`.
#
# Once it is read, keys[1..count] are the chains (`inet filter input`), hook[key] is set for those that filter on the way
# in or out, own[key] counts haup's rules there with texts[key, n] and handles[key, n], and final[key] is the handle of
# the last other rule. A grace is no firewall. blocks(key): the chain drops the unknown, by its policy or by its last rule; ends(key): by its last
# rule. foreign(key): iptables or firewalld made it.
# shellcheck disable=SC2016,SC2034 # It is awk's own $, and for those that need this.
nft_chains='/^table / { family = $2; table = $3; key = ""; next }
/^\tchain / { key = family " " table " " $2; keys[++count] = key; next }
/^\t[a-z}]/ { key = ""; next }
key == "" || /^\t\tcomment "/ { next }
/^\t\ttype / {
  if (table !~ /^haup_grace_/ && $2 == "filter" && (family == "ip" || family == "inet") && $4 ~ /^(input|output|prerouting)$/) hook[key] = $4
  if (/policy drop/) drops[key] = 1
  next
}
/^\t\t/ {
  if (match($0, /comment "haup [^"]*"/)) {
    n = ++own[key]; texts[key, n] = substr($0, RSTART + 14, RLENGTH - 15); handles[key, n] = $NF; next
  }
  final[key] = $NF
  last[key] = $0
  sub(/ # handle [0-9]+$/, "", last[key])
  sub(/ comment "[^"]*"$/, "", last[key])
  sub(/counter( packets [0-9]+ bytes [0-9]+)? /, "", last[key])
}
function ends(key, depth,  rule, names, words, n) {
  rule = last[key]
  if (rule ~ /^\t\t(log [^#]*)?(drop|reject( with [^#]*)?|xt target "(DROP|REJECT)")$/) return 1
  if (depth > 8 || rule !~ /^\t\t(jump|goto) [^ ]+$/) return 0
  n = split(rule, words, " ")
  split(key, names, " ")
  return ends(names[1] " " names[2] " " words[n], depth + 1)
}
function blocks(key) { return key in hook && (key in drops || ends(key, 0)) }
function foreign(key) { return key ~ /^ip (filter|mangle|raw|security) [A-Z]+$/ || key ~ /^[a-z]+ firewalld / }
'
# match_of(words, way): the match for one of haup's rules in a chain on this way; empty: the rule has none there.
# shellcheck disable=SC2016,SC2034
nft_match='function match_of(words, way,  w, n) {
  n = split(words, w, " ")
  if (n < 2) return ""
  if (w[1] == "ask") return way == "output" ? "ip daddr " w[2] " tcp dport " w[3] : ""
  if (w[1] == "tcp") return way == "output" ? "tcp sport " w[2] " ct state established" : "tcp dport " w[2]
  if (way == "output") return "ip daddr " (n > 2 ? w[3] : w[2]) " ip protocol 112"
  return "ip saddr " w[2] (n > 2 ? " ip daddr " w[3] : "") " ip protocol 112"
}
'
