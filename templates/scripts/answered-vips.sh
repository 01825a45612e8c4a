# Prints every VIP whose earlier connections this host still serves in a grace.
# Arguments: grace_directory
for record in "$grace_directory"/*.answer; do
  [ ! -e "$record" ] || cut -d ' ' -f 1,4 "$record"
done
