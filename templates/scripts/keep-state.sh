# Keeps the present state of the host; stdin: its description. `paths`: the files of its services; `owned`: directories
# of which every file is theirs. The words: service, program, stamp, list of files and prefix of each build.
# Arguments: state_directory history_directory record_directory unfinished_stamp
# Arguments: paths owned unread_marks kept_states $@
# Needs: kept-states
set -e
umask 077
newline='
'
( umask 022; mkdir -p "$state_directory" )
mkdir -p "$history_directory/builds"
newest=$(numbers | tail -n 1)

# Whether the files or the program of a service are half way between two states.
cut_off() {
  for mark in $unread_marks; do
    [ ! -e "$mark" ] || return 0
  done
  while [ $# -gt 0 ]; do
    [ "$(cat "$3" 2>/dev/null)" != "$unfinished_stamp" ] || return 0
    shift 5
  done
  return 1
}
# After an apply that was cut off, the state before it is the one to go back to.
if [ -n "$newest" ] && cut_off "$@"; then cat > /dev/null; exit 0; fi

new=$history_directory/new
rm -rf "$new"
clean() {
  status=$?
  rm -rf "$new" "$history_directory"/builds/*.new
  exit "$status"
}
trap clean EXIT
mkdir "$new" "$new/tree"
cat > "$new/about"

keep() {
  mkdir -p "$new/tree${1%/*}"
  cp -pL "$1" "$new/tree$1"
  sum=$(sha256sum < "$1")
  printf 'present\t%s\t%s\t%s\n' "$1" "$(stat -L -c '%a	%U:%G' "$1")" "${sum%% *}"
}
{
  printf '%s\n' "$paths" | while IFS= read -r f; do
    [ -n "$f" ] || continue
    if [ -f "$f" ]; then keep "$f"; else printf 'absent\t%s\n' "$f"; fi
  done
  printf '%s\n' "$owned" | while IFS= read -r d; do
    [ -n "$d" ] || continue
    for f in "$d"/*; do
      if [ -f "$f" ] && [ ! -e "$new/tree$f" ]; then keep "$f"; fi
    done
  done
} > "$new/files"

# keep_build SERVICE PROGRAM STAMP LIST PREFIX
keep_build() {
  [ -x "$2" ] || return 0
  case $1 in nginx) version=-V ;; *) version=-v ;; esac
  id=$({ cat "$3" 2>/dev/null || true; cat "$2"; } | sha256sum | cut -c 1-32)
  printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$id" "$2" "$3" "$("$2" $version 2>&1 | base64 -w0)" \
    "$(cat "$3" 2>/dev/null)" >> "$new/builds"
  kept=$history_directory/builds/$1.$id
  [ ! -d "$kept" ] || return 0
  rm -rf "$kept.new"
  mkdir "$kept.new"
  { printf '%s\n' "$2" "$3" "$4"; cat "$4" 2>/dev/null || true; } | sort -u | while read -r f; do
    # These are part of the state itself.
    case $newline$paths$newline in *"$newline$f$newline"*) continue ;; esac
    if [ -e "$f" ] || [ -L "$f" ]; then
      mkdir -p "$kept.new${f%/*}"
      # A copy of what may be written into (lists, configuration), and on another file system.
      if [ "$f" = "$3" ] || [ "$f" = "$4" ] || is_configuration "$f" || ! cp -dpl "$f" "$kept.new$f" 2>/dev/null; then
        cp -dp "$f" "$kept.new$f"
      fi
    fi
  done
  { awk -v below="$5/" 'index($0, below) == 1' "$record_directory/directories" 2>/dev/null || true; } | while read -r d; do
    if [ -d "$d" ]; then mkdir -p "$kept.new$d"; fi
  done
  mv "$kept.new" "$kept"
}
: > "$new/builds"
while [ $# -gt 0 ]; do
  keep_build "$1" "$2" "$3" "$4" "$5"
  shift 5
done
sort -o "$new/builds" "$new/builds"
find "$new" "$history_directory/builds" -type f -print0 | xargs -0 sync

state() { cat "$1/files" "$1/builds" | sha256sum; }
if [ -n "$newest" ] && [ "$(state "$new")" = "$(state "$history_directory/$newest")" ]; then
  mv -f "$new/about" "$history_directory/$newest/about"
else
  mv "$new" "$history_directory/$((newest + 1))"
fi
numbers | sort -rn | tail -n "+$((kept_states + 1))" | while read -r old; do rm -rf "${history_directory:?}/$old"; done
for b in "$history_directory"/builds/*; do
  [ -d "$b" ] || continue
  name=${b##*/}
  cat "$history_directory"/[0-9]*/builds | grep -q "^${name%%.*}	${name#*.}	" || rm -rf "$b"
done
