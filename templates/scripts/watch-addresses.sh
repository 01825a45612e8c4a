# The addresses of the host as they change, and all of them every second with the time. Ends when it is no longer read (the
# second's line finds a closed pipe), when it is told to, and in any case after `seconds`; `ip monitor` ends with it.
# Arguments: seconds
# Needs: address-monitor
watch_changes "$seconds"
left=$seconds
while [ "$left" -gt 0 ]; do
  tell_addresses || exit 0
  left=$((left - 1))
  sleep 1
done
