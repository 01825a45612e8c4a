# A function for undo-drill too, and so on one line.
# Arguments: state_directory drain_file

# write_drain NUMBER: a negative one drains the host.
write_drain() { mkdir -p "$state_directory" && printf '%s\n' "$1" > "$drain_file.haup-new" && sync "$drain_file.haup-new" && mv -f "$drain_file.haup-new" "$drain_file"; }
