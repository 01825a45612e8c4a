# Has a daemon read its own configuration. One that was stopped meanwhile reads it when it starts.
# Arguments: unit
pid=$(systemctl show -p MainPID "$unit"); pid=${pid#MainPID=}
[ "${pid:-0}" = 0 ] || kill -HUP "$pid"
