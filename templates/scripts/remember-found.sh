# Remembers how a service was before haup first changed it.
# Arguments: record_directory service found
# Needs: recording
grep -qs "^$service " "$record_directory/services" || remember services "$service $found"
