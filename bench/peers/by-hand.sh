# The script that an engineer would write instead of using a tool: ssh to every host, in parallel or one by one.
#   sh by-hand.sh parallel|serial DIRECTORY SSH_CONFIG HOST…
# DIRECTORY/HOST has the files of the host, as `haup render -o` writes them, and in .bench what by-hand-host.sh reads.
order=$1 directory=$2 config=$3
shift 3
script=$(cat "${0%/*}/by-hand-host.sh")
on_host() { tar -C "$directory/$1" -c . | ssh -F "$config" "$1" "$script"; }

if [ "$order" = serial ]; then
  for host; do on_host "$host" || exit 1; done
  exit
fi
pids=
for host; do
  on_host "$host" &
  pids="$pids $!"
done
for pid in $pids; do wait "$pid" || exit 1; done
