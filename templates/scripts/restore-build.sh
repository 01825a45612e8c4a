# Puts the program of a service back as a state has it (`newest`: the last one). As with place-build, whatever can fail
# fails before the first rename, and the stamp comes last. `installed`: the list of installed files, without the prefix
# of the build.
# Arguments: history_directory unfinished_stamp service state installed
# Needs: kept-states recording
set -e
if [ "$state" = newest ]; then state=$(numbers | tail -n 1); fi
line=$(grep "^$service	" "$history_directory/$state/builds" 2>/dev/null) || { echo "state $state has no program of $service" >&2; exit 1; }
id=$(printf '%s\n' "$line" | cut -f 2)
stamp=$(printf '%s\n' "$line" | cut -f 4)
cd "$history_directory/builds/$service.$id" || { echo "the program of $service of state $state was not kept" >&2; exit 1; }
list=$installed$(printf %s "${stamp%/*}" | tr / %)
targets=$history_directory/$service.targets
clean() {
  status=$?
  while read -r t; do rm -f "$t.haup-new"; done < "$targets"
  rm -f "$targets" "$stamp.haup-new"
  exit "$status"
}
trap clean EXIT
same() {
  [ "$(stat -c %f.%u.%g "$1" 2>/dev/null)" = "$(stat -c %f.%u.%g "$2" 2>/dev/null)" ] || return 1
  if [ -L "$1" ]; then [ "$(readlink "$1")" = "$(readlink "$2")" ]; else cmp -s "$1" "$2"; fi
}
# What is there already needs no room: the disk may be full, which is why it is put back.
find . ! -type d -print | sed 's/^\.//' | grep -vxF -e "$stamp" -e "$list" | while read -r t; do
  if is_configuration "$t" && [ -e "$t" ]; then continue; fi
  same ".$t" "$t" || printf '%s\n' "$t"
done > "$targets"
if [ ! -s "$targets" ] && [ "$(cat ".$stamp" 2>/dev/null)" = "$(cat "$stamp" 2>/dev/null)" ]; then exit 0; fi
find . -type d -print | sed 's/^\.//' | while read -r d; do [ -z "$d" ] || directory "$d"; done
while read -r t; do
  if is_configuration "$t" || ! cp -dpl ".$t" "$t.haup-new" 2>/dev/null; then cp -dp ".$t" "$t.haup-new"; fi
done < "$targets"
# This stamp marks whatever is cut off from here on as unfinished.
printf %s "$unfinished_stamp" > "$stamp.haup-new"
mv -f "$stamp.haup-new" "$stamp"
while read -r t; do mv -f "$t.haup-new" "$t"; done < "$targets"
if [ -e ".$list" ] && [ ! -e "$list" ]; then cp ".$list" "$list"
elif [ -e ".$list" ]; then
  sort -u ".$list" > "$targets"
  sort -u "$list" | comm -23 - "$targets" | while read -r t; do rm -f "$t"; done
  cp "$targets" "$list.new"
  mv -f "$list.new" "$list"
fi
if [ -e ".$stamp" ]; then cp -p ".$stamp" "$stamp.haup-new"; mv -f "$stamp.haup-new" "$stamp"; else rm -f "$stamp"; fi
