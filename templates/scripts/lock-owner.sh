# Prints the owner of the lock of this host, in base64; nothing: it is free.
# Arguments: lock_file owner_file
[ -e "$lock_file" ] && ! flock -n "$lock_file" true && base64 -w0 "$owner_file"
