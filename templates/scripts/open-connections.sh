# Counts the connections with a VIP of which the other end may still miss something: one that nginx has closed stays here
# until the last byte is acknowledged.
# Arguments: vip
ss -Htn state connected exclude time-wait exclude fin-wait-2 exclude syn-recv src "$vip" | wc -l
