# Runs the script $1 within `limit` seconds.
# Arguments: limit
# Needs: begin-script
if command -v timeout >/dev/null 2>&1; then exec timeout -k 5 "$limit" sh -c "$1"; else exec sh -c "$1"; fi
