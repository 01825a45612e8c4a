# Runs the script ($2) by the runner ($1) as root; the first line of stdin is the password of sudo.
#
# sudo gets the password and nothing else, so a wrong one is tried once. The command's stdin goes around sudo, through a
# FIFO: were the password in front of it, a sudo that asks for none would leave it there. `read` takes no byte after the
# newline; printf is a builtin, so the password is in no process list.
printf '\001haup\001\n' >&2
LC_ALL=C; export LC_ALL
IFS= read -r password || exit 1
fifo_directory=$(mktemp -d /dev/shm/haup.XXXXXX 2>/dev/null || mktemp -d) && mkfifo -m 600 "$fifo_directory/in" || exit 1
exec 3<&0
cat <&3 >"$fifo_directory/in" 3<&- & feeder=$!
exec 3<&- </dev/null
printf '%s\n' "$password" | sudo -k -S -p '' -- sh -c "$1" haup "$2" "$fifo_directory"; status=$?
kill $feeder 2>/dev/null
rm -rf "$fifo_directory"
exit $status
