# Prints the owner of the lock of this host, as one word; nothing: it is free.
# Arguments: lock_file owner_file
[ -e "$lock_file" ] && ! flock -n "$lock_file" true && sed -n 's/^owner=//p' "$owner_file"
