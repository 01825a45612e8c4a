# Runs the script ($2) by the runner ($1) as root, for root itself and for passwordless sudo.
# Which user this is, without a process.
while read -r key _ user _; do [ "$key" != Uid: ] || break; user=; done </proc/self/status
if [ "${user:-$(id -u)}" = 0 ]; then
  runner=$1
  set -- "$2"
  eval "$runner"
else
  # The mark of sudo; and it is to speak English.
  printf '\001haup\001\n' >&2
  LC_ALL=C; export LC_ALL
  exec sudo -n -- sh -c "$1" haup "$2"
fi
