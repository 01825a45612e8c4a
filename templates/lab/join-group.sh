# Moves the process $1 into a control group of the lab, which `down` empties.
# Arguments: group
# Needs: enter-group
set -e
enter_group "$group" "$1"
