# write_drain NUMBER: what keepalived's priorities are lowered by; 0 ends a drain.
# Arguments: state_directory drain_file
write_drain() {
  mkdir -p "$state_directory"
  printf '%s\n' "$1" > "$drain_file.haup-new"
  sync "$drain_file.haup-new"
  mv -f "$drain_file.haup-new" "$drain_file"
}
