# Ends the script when this host has one of the VIPs (the words).
# Arguments: serving_status $@
for vip in "$@"; do
  ip -o addr show | awk -v vip="$vip" '{ split($4, part, "/"); if (part[1] == vip && $2 != "lo") found = 1 } END { exit !found }' &&
    { echo "it has $vip"; exit "$serving_status"; }
done
