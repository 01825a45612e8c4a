# Writes and removes files.
# Arguments: $@
# Needs: swap register
set -e
swap : "$@"
empty_directories
register "$@"
