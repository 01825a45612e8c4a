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
  # A full disk is named as one, whatever the program said that met it.
  [ "$status" = 0 ] || [ ! -d "$new" ] || head -c 65536 /dev/zero > "$new/room" || :
  rm -rf "$new" "$history_directory"/builds/*.new
  exit "$status"
}
trap clean EXIT
mkdir "$new" "$new/tree"
cat > "$new/about"

# copy DIRECTORY OPTION…: the files of stdin, without their leading slash (with one, cp 9.1 fails) and each with a NUL
# after it, to the same paths below it.
copy() ( below=$1; shift; cd / && xargs -0 -r cp "$@" --parents -t "$below" )

# Many files in few processes: a host may have hundreds of sites.
: > "$new/files"
present=$({
  printf '%s\n' "$paths" | while IFS= read -r f; do
    if [ -z "$f" ]; then :
    elif [ -f "$f" ]; then printf '%s\n' "$f"
    else printf 'absent\t%s\n' "$f"; fi
  done
  printf '%s\n' "$owned" | while IFS= read -r d; do
    [ -n "$d" ] || continue
    for f in "$d"/*; do
      # None of haup's has such a name.
      case $f in *"$newline"*) continue ;; esac
      [ ! -f "$f" ] || printf '%s\n' "$f"
    done
  done
} | awk -v files="$new/files" '!seen[$0]++ { if (/^absent/) print > files; else print }')
if [ -n "$present" ]; then
  printf '%s\n' "$present" | sed 's,^/,,' | tr '\n' '\0' > "$new/names"
  copy "$new/tree" -pL < "$new/names"
  # Of the copies, whatever becomes of the files meanwhile.
  attributes=$(cd "$new/tree" && xargs -0 stat -c '%a	%U:%G' < "$new/names" && xargs -0 sha256sum < "$new/names")
  # Three lines of each file. Of a name with a backslash the line of sha256sum begins with one.
  printf '%s\n' "$present" "$attributes" | awk '
    { line[NR] = $0 }
    END {
      for (i = 1; i <= NR / 3; i++) {
        sum = line[2 * NR / 3 + i]
        sub(/^\\/, "", sum)
        print "present\t" line[i] "\t" line[NR / 3 + i] "\t" substr(sum, 1, 64)
      }
    }' >> "$new/files"
  rm "$new/names"
fi

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
  # A copy of what may be written into (lists, configuration), and on another file system.
  { printf '%s\n' "$2" "$3" "$4"; cat "$4" 2>/dev/null || true; } | sort -u | while read -r f; do
    # These are part of the state itself.
    case $newline$paths$newline in *"$newline$f$newline"*) continue ;; esac
    [ -e "$f" ] || [ -L "$f" ] || continue
    if [ "$f" = "$3" ] || [ "$f" = "$4" ] || is_configuration "$f"; then printf '%s\0' "${f#/}" >&3
    else printf '%s\0' "${f#/}" >&4; fi
  done 3> "$new/copied" 4> "$new/linked"
  copy "$kept.new" -dpl < "$new/linked" 2>/dev/null || copy "$kept.new" -dp --remove-destination < "$new/linked"
  copy "$kept.new" -dp < "$new/copied"
  rm -f "$new/copied" "$new/linked"
  { awk -v below="$5/" 'index($0, below) == 1' "$record_directory/directories" 2>/dev/null || true; } | while read -r d; do
    [ ! -d "$d" ] || printf '%s\0' "$kept.new$d"
  done | xargs -0 -r mkdir -p
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
