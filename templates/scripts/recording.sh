# Functions that record what haup puts on a host, for scripts under `set -e`. Paths are absolute.
#
# A thing is recorded once it has been made: what was only meant to be made may be made by someone else. So that a cut
# between the two forgets nothing, the intent is noted first, with what identifies the thing as haup's (the digest of a
# file). Whoever looks next decides by it.
# Arguments: record_directory found_directory

# remember KIND THING
remember() {
  [ -d "$record_directory" ] || mkdir -p "$record_directory"
  grep -qxF -- "$2" "$record_directory/$1" 2>/dev/null || printf '%s\n' "$2" >> "$record_directory/$1"
}
# intend KIND THING IDENTITY
intend() {
  [ -d "$record_directory" ] || mkdir -p "$record_directory"
  printf '%s\t%s\t%s\n' "$1" "$2" "$3" >> "$record_directory/intents"
  sync "$record_directory/intents" 2>/dev/null || sync
}
# Prints the identity of what was intended last.
intended() { grep -F -- "$1	$2	" "$record_directory/intents" 2>/dev/null | tail -n 1 | cut -f 3; }
settle() {
  grep -qF -- "$1	$2	" "$record_directory/intents" 2>/dev/null || return 0
  grep -vF -- "$1	$2	" "$record_directory/intents" > "$record_directory/intents.new" || true
  mv -f "$record_directory/intents.new" "$record_directory/intents"
}
made() {
  remember "$1" "$2"
  settle "$1" "$2"
}
digest() { sha256sum < "$1" | cut -c 1-64; }
forget() {
  settle "$1" "$2"
  [ -e "$record_directory/$1" ] || return 0
  grep -vxF -- "$2" "$record_directory/$1" > "$record_directory/$1.new" || true
  mv -f "$record_directory/$1.new" "$record_directory/$1"
}
directory() {
  [ ! -d "$1" ] || return 0
  directory "$(dirname "$1")"
  intend directories "$1" -
  mkdir "$1"
  made directories "$1"
  label "$1"
}
# A new file gets the SELinux label of its directory, which is not always the one its path should have.
label() {
  if command -v restorecon >/dev/null; then restorecon "$@" 2>/dev/null || true; fi
}
save() {
  if [ -e "$1" ] || [ -L "$1" ]; then
    mkdir -p "$found_directory$(dirname "$1")"
    cp -a "$1" "$found_directory$1.new"
    mv -f "$found_directory$1.new" "$found_directory$1"
  fi
}
# keep TARGET NEW: before NEW replaces TARGET.
keep() {
  if grep -qxF -- "$1" "$record_directory/files" 2>/dev/null; then return 0; fi
  if [ -f "$1" ] && [ "$(intended files "$1")" = "$(digest "$1")" ]; then kept "$1"; return 0; fi
  save "$1"
  intend files "$1" "$(digest "$2")"
}
# kept TARGET: after it.
kept() { made files "$1"; }
give_back() {
  if [ -e "$found_directory$1" ] || [ -L "$found_directory$1" ]; then
    cp -a "$found_directory$1" "$1.haup-new"
    mv -f "$1.haup-new" "$1"
    rm -f "$found_directory$1"
  else rm -f "$1"; fi
  forget files "$1"
}
empty_directories() {
  {
    cat "$record_directory/directories" || :
    sed -n 's/^directories	\([^	]*\)	.*/\1/p' "$record_directory/intents"
  } 2>/dev/null | sort -ru | while read -r d; do
    rmdir "$d" 2>/dev/null || [ ! -d "$d" ] || continue
    forget directories "$d"
  done
}
