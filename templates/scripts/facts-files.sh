# The files that are asked for, those in `directories`, those that haup recorded, and those that daemons read. After the
# line `files` comes how many there are, their paths (each with a NUL), a line of `stat` for each and one more for the
# clock, a line of `sha256sum` for each when one is larger than `largest` or contents are known, and, one after the other,
# the bytes of those that are neither larger nor known. This is last, and `end` after it shows that nothing was cut off.
# Arguments: files directories largest known_digests unread_marks
# Needs: facts-format facts-record facts-services included-files
set --
if [ -n "$files" ]; then
  set +f
  for directory in $directories; do set -- "$@" "$directory"/*; done
  set -f
  # shellcheck disable=SC2086 # An item a line.
  set -- $files "$@" $unread_marks $recorded
fi
# shellcheck disable=SC2086 # An item a line.
set -- "$@" $intended

# Regular files, each once.
seen=$newline
for file do
  shift
  [ -f "$file" ] || continue
  case $seen in *"$newline$file$newline"*) continue ;; esac
  seen=$seen$file$newline
  set -- "$@" "$file"
done

# Follows what daemons include: a round for each pattern that leads to files that are not known yet.
read_files=$newline
# expand PID SERVICE DIRECTORY PATTERN: adds to `next` the files that it stands for.
expand() {
  set +f
  for file in $4; do
    case $read_files in *"$newline$1$tab$file$newline"*) continue ;; esac
    if [ -f "$file" ]; then next=$next$1$tab$2$tab$3$tab$file$newline; fi
  done
  set -f
}
rounds=0
while [ -n "$entries" ] && [ "$rounds" -lt 9 ]; do
  rounds=$((rounds + 1))
  next=
  for line in $(included_files "$entries" "$seen"); do
    case $line in
      read*)
        line=${line#*"$tab"}
        case $read_files in *"$newline$line$newline"*) continue ;; esac
        read_files=$read_files$line$newline
        file=${line#*"$tab"}
        printf 'read\t%s\n' "$line"
        case $seen in *"$newline$file$newline"*) continue ;; esac
        seen=$seen$file$newline
        set -- "$@" "$file"
        ;;
      pattern*)
        IFS=$tab
        # shellcheck disable=SC2086 # A field each.
        expand ${line#*"$tab"}
        IFS=$newline
        ;;
    esac
  done
  entries=$next
done

printf 'files\t%s\n' $#
if [ $# != 0 ]; then printf '%s\0' "$@"; fi
# A process that looks at itself in /proc finds an inode made now: its time is the clock.
stats=$(exec stat -L -c '%a %U:%G %s %Y' "$@" /proc/self/stat)
printf '%s\n' "$stats"
# size_of LINE: sets `size`.
size_of() {
  size=${1% *}
  size=${size##* }
}
# The clock has a size of 0.
digested=$known_digests
for line in $stats; do
  size_of "$line"
  if [ "$size" -gt "$largest" ]; then digested=yes; fi
done
digests=
if [ "$digested" ] && [ $# != 0 ]; then
  digests=$(exec sha256sum "$@")
  printf '%s\n' "$digests"
fi
rest=$stats
for file do
  size_of "${rest%%"$newline"*}"
  rest=${rest#*"$newline"}
  # `known_digests` has the first 16 digits of each, after a space.
  digest=${digests%%"$newline"*}
  digest=${digest#\\}
  digests=${digests#*"$newline"}
  case $known_digests in
    *" ${digest%"${digest#????????????????}"}"*) ;;
    *) if [ "$size" -le "$largest" ]; then set -- "$@" "$file"; fi ;;
  esac
  shift
done
if [ $# != 0 ]; then cat "$@"; fi
echo end
