# Drains the host, or ends that.
# Arguments: number
# Needs: write-drain
write_drain "$number"
