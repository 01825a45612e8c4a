# Forgets what haup recorded of a service and its files: they are their owner's again.
# Arguments: found_directory record_directory service $@
# Needs: recording
set -e
for f in "$@"; do
  rm -f "$found_directory$f"
  forget files "$f"
done
if [ -e "$record_directory/services" ]; then
  grep -v "^$service " "$record_directory/services" > "$record_directory/services.new" || true
  mv -f "$record_directory/services.new" "$record_directory/services"
fi
