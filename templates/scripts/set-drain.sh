# Arguments: number
# Needs: write-drain
set -e
write_drain "$number"
