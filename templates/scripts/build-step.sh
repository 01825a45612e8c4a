# Whatever ends a build early, its tree goes: the log tells all, and the disk may be what it lacked.
# Arguments: source_directory
# Needs: source-directory
set -e
clean() {
  status=$?
  [ "$status" = 0 ] || rm -rf "$source_directory"
  exit "$status"
}
# A signal comes twice, to the group and through `timeout`, and what sh then says of its child meets a closed pipe:
# neither must end the cleaning.
stop() {
  trap '' HUP INT TERM
  exit 143
}
trap clean EXIT
trap stop HUP INT TERM
trap : PIPE
