# Counts the connections that are open with a VIP. Says `held` with them where the host has the VIP itself.
# Arguments: vip
# Needs: count-connections
count=$(count_connections "$vip")
held=
if ip -o -4 addr show to "$vip/32" | grep -qv '^[0-9]*: lo '; then held=held; fi
echo "$count" $held
