# Ends the grace of a VIP on this host. Does nothing where there is none, so that the host's own timer and haup can both
# run it.
# Arguments: grace_directory vip
# Needs: grace-remove
mkdir -p "$grace_directory"
exec 8> "$grace_directory/lock"
flock 8
remove_grace "$vip"
