# Arguments: drill_record drill_at_boot

# Prints which drill of haup verify was cut off on this host; nothing: none.
left_drill() {
  if [ -e "$drill_at_boot" ]; then echo drain
  elif [ -e "$drill_record" ]; then cut -d ' ' -f 1 "$drill_record"; fi
}
