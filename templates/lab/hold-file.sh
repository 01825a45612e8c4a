# Locks a file, and holds the lock until stdin ends.
# Arguments: file
while :; do
  exec 9>>"$file" || exit 1
  flock -n 9 || { echo waiting; flock 9; }
  # Whoever had the lock may have removed the file: only a lock on the current one counts.
  # shellcheck disable=SC3013 # dash, bash and busybox have it.
  [ /proc/self/fd/9 -ef "$file" ] && break
done
echo locked
exec cat >/dev/null
