# A function that ends the script when a build lacks a feature that is needed. `needs`: the feature and what it is for,
# with a tab between, one a line.
# Arguments: needs lacks_mark lacking_status

# check_features FILE: an empty list of features is of a form that haup does not know.
check_features() {
  [ -s "$1" ] || return 0
  printf '%s\n' "$needs" | {
    lacks=
    while IFS='	' read -r feature reason; do
      if [ -n "$feature" ] && ! grep -qxF -- "$feature" "$1"; then
        echo "$lacks_mark $feature, which is needed for $reason" >&2
        lacks=yes
      fi
    done
    [ -z "$lacks" ]
  } || exit "$lacking_status"
}
