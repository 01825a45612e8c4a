# Stops a unit that is not haup's, and remembers how it was: removing haup brings it back.
# Arguments: service unit enabled
# Needs: recording
set -e
remember units "$service $unit $enabled"
systemctl stop "$unit"
if [ "$enabled" = enabled ]; then systemctl disable "$unit"; fi
