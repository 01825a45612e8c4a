# Puts the files of a service under a directory of their own, for test-nginx or test-keepalived to judge; stdin: their
# bytes. The words: path, mode, owner and size of each file.
# Arguments: state_directory stage unstaged_status $@
set -e
tested=
clean() {
  status=$?
  rm -rf "$stage"
  # What fails before the test says nothing about the configuration.
  [ "$tested" ] || status=$unstaged_status
  exit "$status"
}
trap clean EXIT
umask 077
rm -rf "$stage"
mkdir -p "$stage"
chmod 755 "$state_directory" "${stage%/*}" "$stage"
umask 022
# stage_file PATH MODE OWNER SIZE
stage_file() {
  mkdir -p "$(dirname "$stage$1")"
  ( umask 077; head -c "$4" > "$stage$1" ) || { echo "$stage$1" >&2; exit 1; }
  [ "$(stat -c %s "$stage$1")" = "$4" ]
  chmod "$2" "$stage$1"
  chown "$3" "$stage$1"
}
while [ $# -gt 0 ]; do
  stage_file "$1" "$2" "$3" "$4"
  shift 4
done
