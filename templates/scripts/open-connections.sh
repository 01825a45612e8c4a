# Counts the connections with a VIP of which the other end may still miss something: one that nginx has closed stays here
# until the last byte is acknowledged. Says `held` with them where the host has the VIP itself.
# Arguments: vip
count=$(ss -Htn state connected exclude time-wait exclude fin-wait-2 exclude syn-recv src "$vip" | wc -l)
held=
if ip -o -4 addr show to "$vip/32" | grep -qv '^[0-9]*: lo '; then held=held; fi
echo "$count" $held
