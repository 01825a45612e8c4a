# Installs the packages that are its words, and remembers whatever comes with an attempt, also with one that fails half
# way. What another run brings while it is waited for has come before the attempt, and is not haup's. Ends with the
# status of the installation, or with that of a wait in vain.
# Arguments: record_directory
# Needs: package-lock
packages=$*
guarded=
mkdir -p "$record_directory"
before=$record_directory/packages.before
asked=$record_directory/packages.asked
since() { listed | comm -13 "$before" -; }
record() {
  sort -u -o "$record_directory/packages" - "$record_directory/packages"
  rm -f "$before" "$asked"
}
touch "$record_directory/packages"
# The last run was cut off: what it was to bring and is there is haup's, whatever else has come since may be anybody's.
if [ -s "$before" ]; then since | grep -xF -f "$asked" | record; fi
came() { if [ -s "$before" ]; then since | record; fi; }
attempt() {
  # shellcheck disable=SC2086 # Words.
  planned $packages > "$asked" 2>/dev/null || :
  listed > "$before"
  tried=0
  "$@" || tried=$?
  came
  return "$tried"
}
trap 'status=$?
came
[ -z "$guarded" ] || rm -f "$guarded"
exit "$status"' EXIT
trap 'exit 143' HUP INT TERM
quiet_services
# A reader is always there: else the first word after a lost connection would kill the installation half-way.
exec 3>&1
status=$({ { if { bring "$@"; } 3>&- 4>&-; then echo 0 >&4; else echo "$?" >&4; fi; } 2>&1 | { cat >&3 || cat >/dev/null; } 4>&-; } 4>&1)
exec 3>&-
exit "$status"
