# Forgets this host: what is left of haup goes. `own`: sh patterns of all that haup keeps in its directory.
# Arguments: state_directory grace_directory say_mark own unread_marks
# Needs: recording
set -e
empty_directories
# shellcheck disable=SC2086 # Paths without spaces.
rm -f $unread_marks
rm -f "$grace_directory/lock"
[ ! -d "$grace_directory" ] || rmdir "$grace_directory" 2>/dev/null || :
[ -d "$state_directory" ] || exit 0
cd "$state_directory"
# shellcheck disable=SC2086 # Patterns.
rm -rf $own
cd /
# What a machine has there that also has labs, and what others put there, stays.
rmdir "$state_directory" 2>/dev/null ||
  find "$state_directory" -mindepth 1 -maxdepth 1 ! -name labs | sed "s/^/${say_mark}not put there by haup, and left: /"
