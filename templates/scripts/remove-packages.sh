# Removes exactly the packages that are its words, and of those only what nothing else on the host needs: neither a
# resolver that removes more, nor one that removes what has become of use since. `purge`: with their configuration.
# Arguments: $@ purge
# Needs: recording package-lock
set -e
(
  guarded=
  trap '[ -z "$guarded" ] || rm -f "$guarded"' EXIT
  trap 'exit 143' HUP INT TERM
  take_away "$purge" "$@"
)
for name in "$@"; do
  if is_gone "$purge" "$name"; then forget packages "$name"; fi
done
