# Prints every IPv4 address that this host has, but those of lo: there a VIP is for a grace only.
ip -o -4 addr show | while read -r _ name _ address _; do [ "$name" = lo ] || printf '%s\n' "${address%%/*}"; done
