# A function that writes files and swaps them in by rename; stdin: their bytes, one after the other.
# Arguments: stale_status
# Needs: recording

# A file is six words: its digest before (`absent`, or `any`), path, mode, owner, size (`absent`: it goes), and the file
# of this host that its bytes are appended to (empty: none).
# each COMMAND FILE…: runs the command with the words of each.
each() {
  each_command=$1
  shift
  while [ $# -gt 0 ]; do
    "$each_command" "$1" "$2" "$3" "$4" "$5" "$6"
    shift 6
  done
}

# swap COMMAND FILE…: runs the command just before the first rename. Every file is first written beside its target and
# synced: whatever can fail (a full disk, a host that has moved on) fails before that.
swap() {
  before_renames=$1
  shift
  each unchanged "$@"
  beside=
  trap remove_beside EXIT
  each write_beside "$@"
  [ -z "$beside" ] || printf %s "$beside" | tr '\n' '\0' | xargs -0 sync 2>/dev/null || sync
  "$before_renames"
  each keep_found "$@"
  each rename_beside "$@"
  each record_written "$@"
  each remove_absent "$@"
}
remove_beside() { printf %s "$beside" | tr '\n' '\0' | xargs -0 rm -f; }
unchanged() {
  case $1 in
    any) ;;
    absent) [ ! -e "$2" ] || { echo "$2 appeared since the plan was made" >&2; exit "$stale_status"; } ;;
    *) [ "$(sha256sum "$2" 2>/dev/null | cut -d ' ' -f 1)" = "$1" ] || { echo "$2 changed since the plan was made" >&2; exit "$stale_status"; } ;;
  esac
}
write_beside() {
  [ "$5" != absent ] || return 0
  beside="$beside$2.haup-new
"
  directory "$(dirname "$2")"
  ( umask 077; { [ -z "$6" ] || cat "$6"; } > "$2.haup-new" && head -c "$5" >> "$2.haup-new" ) || { echo "$2.haup-new" >&2; exit 1; }
  size=$5
  if [ -n "$6" ]; then size=$(($(stat -c %s "$6") + $5)); fi
  [ "$(stat -c %s "$2.haup-new")" = "$size" ]
  chown "$4" "$2.haup-new"
  chmod "$3" "$2.haup-new"
  # A new file beside the old one has the directory's label; the target's own is what SELinux wants.
  if command -v restorecon >/dev/null; then chcon --reference="$2" "$2.haup-new" 2>/dev/null || true; fi
}
keep_found() { [ "$5" = absent ] || keep "$2" "$2.haup-new"; }
rename_beside() {
  [ "$5" != absent ] || return 0
  if [ -e "$2" ]; then mv -f "$2.haup-new" "$2"; else mv -f "$2.haup-new" "$2"; label "$2"; fi
}
record_written() { [ "$5" = absent ] || kept "$2"; }
remove_absent() { [ "$5" != absent ] || give_back "$2"; }
