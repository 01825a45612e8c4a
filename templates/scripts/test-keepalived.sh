# How keepalived judges its staged configuration.
# Arguments: binary entry stage say_mark

complete_stage() { :; }
test_stage() {
  version=$("$binary" -v 2>&1 | sed -n 's/^Keepalived v\([0-9.]*\).*/\1/p' | head -n 1)
  case $version in
    0.*|1.*|2.0.[0-3])
      echo "${say_mark}keepalived $version cannot test a configuration (2.0.4 and newer can): it is written untested, and errors show when keepalived reads it"
      return 0 ;;
  esac
  # -e is known from 2.2.0 on.
  strict=-e
  ask_keepalived "$stage$entry"
  case $said in *"nknown option"*|*"nvalid option"*) strict=; ask_keepalived "$stage$entry" ;; esac
  # 2.2.5 to 2.2.7 end themselves with SIGTERM when a script user is set.
  if [ "$status" = 143 ]; then
    ( umask 077; sed 's/^\( *script_user\) .*/\1 root/' "$stage$entry" > "$stage$entry.root" )
    ask_keepalived "$stage$entry.root"
  fi
  printf '%s\n' "$said"
  return "$status"
}
# What sh says about a signal would look like a complaint.
ask_keepalived() { { said=$("$binary" ${strict:+"$strict"} -t -f "$1" 2>&1); status=$?; } 2>/dev/null; }
# complaints STATUS, with what keepalived said on stdin: prints what is wrong; nothing when all is well. The status alone
# tells too little: it is 5 for a harmless notice and 0 for an empty file. So every line that is not known to be harmless
# is a complaint.
complaints() {
  judged=0
  grep -E -i -v -e "^$say_mark" -e '^[[:space:]]*$' \
    -e 'NOTICE: setting config option max_auto_priority' \
    -e 'WARNING - the keepalived_script user .* does not exist, .* using root' \
    -e '^(Opening|Opened) file ' -e 'Configuration is using : ' -e '^Keepalived .* (is|was) (built|running)' || judged=$?
  case $judged.$1 in
    0.*|1.0|1.5) ;;
    1.*) echo "keepalived -t ended with status $1 and said nothing." ;;
    *) echo "grep ended with status $judged: what keepalived said cannot be judged." ;;
  esac
}
