# Removes a build, and brings back what it replaced. The words: what the daemon itself makes while it runs.
# Arguments: record_directory say_mark prefix list stamp $@
# Needs: recording
set -e
if [ -e "$list" ]; then
  while read -r t; do give_back "$t"; done < "$list"
fi
rm -f "$stamp"
# Only below a prefix that haup made: elsewhere they may be older than haup.
if [ $# -gt 0 ] && grep -qxsF "$prefix" "$record_directory/directories"; then rm -rf "$@"; fi
rm -f "$list"
empty_directories
[ ! -d "$prefix" ] || find "$prefix" ! -type d | head -n 5 | sed "s/^/${say_mark}not put there by haup, and left: /"
