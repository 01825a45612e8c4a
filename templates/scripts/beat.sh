# Arguments: beat_file

# Notes when the operator's machine was last heard of, in seconds since the boot: the clock may be set meanwhile.
beat() {
  read -r up _ < /proc/uptime
  echo "${up%.*}" > "$beat_file.new" && mv -f "$beat_file.new" "$beat_file"
}
