# Prints what keepalived says about the staged configuration; its exit status is the script's.
# Arguments: binary entry say_mark
# Needs: stage-set
set +e
tested=1
version=$("$binary" -v 2>&1 | sed -n 's/^Keepalived v\([0-9.]*\).*/\1/p' | head -n 1)
case $version in
  0.*|1.*|2.0.[0-3])
    echo "${say_mark}keepalived $version cannot test a configuration (2.0.4 and newer can): it is written untested, and errors show when keepalived reads it"
    exit 0 ;;
esac
# What sh says about a signal would look like a complaint.
judge() { { said=$("$binary" ${strict:+"$strict"} -t -f "$1" 2>&1); status=$?; } 2>/dev/null; }
# -e is known from 2.2.0 on.
strict=-e
judge "$stage$entry"
case $said in *"nknown option"*|*"nvalid option"*) strict=; judge "$stage$entry" ;; esac
# 2.2.5 to 2.2.7 end themselves with SIGTERM when a script user is set.
if [ "$status" = 143 ]; then
  ( umask 077; sed 's/^\( *script_user\) .*/\1 root/' "$stage$entry" > "$stage$entry.root" )
  judge "$stage$entry.root"
fi
printf '%s\n' "$said"
exit "$status"
