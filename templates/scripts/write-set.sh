# Stages the files of a service, lets its daemon test them (test-nginx or test-keepalived says how), and swaps them in by
# rename if it has no complaint. A set without files to write is only tested. stdin: the words, the bytes of the staged
# files, then those of the files. The words: the number of staged files; path, mode, owner and size of each; then the
# files as swap takes them.
# Arguments: words_size unread_mark entry stage unstaged_status refused_status
# Needs: stage-set swap
set -e
words=$(head -c "$words_size")
[ "${#words}" = "$words_size" ]
eval "set -- $words"

# With what the daemon still runs: of several swaps that it has not read, the first one tells.
mark_unread() {
  [ ! -e "$unread_mark" ] || return 0
  ( umask 077; if [ -f "$entry" ]; then cat "$entry"; fi > "$unread_mark.new" )
  mv -f "$unread_mark.new" "$unread_mark"
}
# What fails before the test says nothing about the configuration.
stage_and_test() (
  set -e
  tested=
  trap 'status=$?; rm -rf "$stage"; [ "$tested" ] || status=$unstaged_status; exit "$status"' EXIT
  stage_set "$@"
  complete_stage
  set +e
  tested=1
  test_stage
)

# Not `if stage_and_test`: sh would go on after an error in it.
set +e
verdict=$(stage_and_test "$@" 2>&1)
status=$?
set -e
# What could not be staged is a matter of the stage's own disk.
[ "$status" = "$unstaged_status" ] || verdict=$(printf '%s\n' "$verdict" | sed "s|$stage||g")
if [ "$status" != "$unstaged_status" ] && wrong=$(printf '%s\n' "$verdict" | complaints "$status") && [ -z "$wrong" ]; then
  printf '%s\n' "$verdict"
  shift $((1 + 4 * $1))
  [ $# = 0 ] || swap mark_unread "$@"
  exit
fi
# So that the sender is not left with bytes that nothing reads.
cat > /dev/null
if [ "$status" = "$unstaged_status" ]; then printf '%s\n' "$verdict"; exit "$unstaged_status"; fi
printf '%s\n' "$wrong"
exit "$refused_status"
