# Writes a unit file.
# Arguments: state_directory $@
# Needs: swap register
set -e
mkdir -p "$state_directory"
swap : "$@"
register "$@"
