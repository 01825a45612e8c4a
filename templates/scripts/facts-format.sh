# What a host prints as facts is lines of tab-separated fields, the first of which names the record. The output of other
# programs goes out unchanged between a line `begin` and a line `end`.
#
# Every process counts here, since the facts set how long an apply takes that has nothing to do: what the shell can do
# itself, it does itself, and a program in a command substitution has `exec` before it, without which bash would start two
# processes. Word splitting is at newlines alone, and patterns are expanded only between `set +f` and
# `set -f`.
newline='
'
# shellcheck disable=SC2034 # For those that need this.
tab='	'
IFS=$newline
set -f

# first_line FILE: sets `line`, which stays empty when there is no such file.
# shellcheck disable=SC2034 # For those that need this.
first_line() {
  line=
  if [ -f "$1" ]; then IFS= read -r line < "$1" || :; fi
}
# print_output NAME TEXT
print_output() { printf 'begin\t%s\n%s\nend\t%s\n' "$1" "$2" "$1"; }
