# How nginx judges its staged configuration.
# Arguments: binary entry stage

# Files that the set does not bring (mime.types) are read from where they are installed.
complete_stage() {
  for f in "${entry%/*}"/*; do
    if [ -f "$f" ] && [ ! -e "$stage$f" ]; then cp -p "$f" "$stage$f"; fi
  done
}
test_stage() { "$binary" -t -c "$stage$entry" 2>&1; }
# complaints STATUS, with what nginx said on stdin: prints what is wrong; nothing when all is well.
complaints() {
  [ "$1" != 0 ] || return 0
  grep -v -e 'syntax is ok' -e 'test is successful' -e 'test failed' -e '^$' ||
    echo "nginx -t ended with status $1 and said nothing."
}
