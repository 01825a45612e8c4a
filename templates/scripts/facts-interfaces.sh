# Interfaces and their addresses: from `ip`, or from /proc and /sys on a host that has no `ip` yet.
# Needs: facts-format
if command -v ip >/dev/null; then
  echo "begin	ip"
  ip addr show
  echo "end	ip"
else
  set +f
  for device in /sys/class/net/*/; do
    device=${device%/}
    carrier=0
    read -r carrier 2>/dev/null < "$device/carrier"
    printf 'bare\t%s\t%s\n' "${device##*/}" "$carrier"
  done
  set -f
  while IFS=' 	' read -r name to gateway _ _ _ _ mask _; do
    printf 'route\t%s\t%s\t%s\t%s\n' "$name" "$to" "$gateway" "$mask"
  done < /proc/net/route
  while IFS=' ' read -r mark address kind _; do
    case "$mark $address $kind" in
      '|-- '*) last=$address ;;
      '/32 host LOCAL') printf 'local\t%s\n' "$last" ;;
    esac
  done < /proc/net/fib_trie
fi
