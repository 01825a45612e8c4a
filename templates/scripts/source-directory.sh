# Arguments: source_directory

# What is in there is run as root: no other user may look in, or put anything there.
# shellcheck disable=SC2174 # What it lies in may be read by all.
make_source_directory() { mkdir -p -m 700 "$source_directory"; }
