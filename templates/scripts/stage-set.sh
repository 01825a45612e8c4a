# A function that puts the files of a service under a directory of their own, for its daemon to test; stdin: their bytes,
# one after the other.
# Arguments: state_directory stage

# stage_set COUNT [PATH MODE OWNER SIZE]…: the first COUNT files; more words may follow.
stage_set() {
  staging=$1
  shift
  ( umask 077; rm -rf "$stage"; mkdir -p "$stage" )
  chmod 755 "$state_directory" "${stage%/*}" "$stage"
  while [ "$staging" -gt 0 ]; do
    stage_file "$1" "$2" "$3" "$4"
    shift 4
    staging=$((staging - 1))
  done
}
stage_file() {
  mkdir -p "$(dirname "$stage$1")"
  ( umask 077; head -c "$4" > "$stage$1" ) || { echo "$stage$1" >&2; exit 1; }
  [ "$(stat -c %s "$stage$1")" = "$4" ]
  chmod "$2" "$stage$1"
  chown "$3" "$stage$1"
}
