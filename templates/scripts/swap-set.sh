# Swaps in the tested files of a service.
# Arguments: unread_mark entry $@
# Needs: swap
set -e
# With what the daemon still runs: of several swaps that it has not read, the first one tells.
mark_unread() {
  [ ! -e "$unread_mark" ] || return 0
  ( umask 077; if [ -f "$entry" ]; then cat "$entry"; fi > "$unread_mark.new" )
  mv -f "$unread_mark.new" "$unread_mark"
}
swap mark_unread "$@"
