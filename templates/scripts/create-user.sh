# Creates the user that a daemon runs as, with a group of its name. A group that is there already is used, and is not
# haup's.
# Arguments: user user_mark
# Needs: recording
set -e
if getent group "$user" >/dev/null; then
  settle groups "$user"
  own_group=
else
  intend groups "$user" -
  own_group=yes
fi
intend users "$user" -
if [ "$own_group" ]; then set -- --user-group; else set -- --gid "$user"; fi
useradd --system "$@" --no-create-home --home-dir / --shell "$(command -v nologin || echo /bin/false)" \
  --comment "$user_mark" "$user" || {
  status=$?
  getent passwd "$user" >/dev/null || settle users "$user"
  getent group "$user" >/dev/null || settle groups "$user"
  exit "$status"
}
if [ "$own_group" ]; then made groups "$user"; fi
made users "$user"
