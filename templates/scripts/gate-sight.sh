# What a gate looks at on a host: its addresses, which daemons run, whether it is drained, whether its health check passes.
# Arguments: services drain_file health_check
# On lo a VIP is for the grace of a host that has given it up.
ip -o addr show | while read -r _ name _ address _; do
  if [ "$name" = lo ]; then printf 'kept\t%s\n' "${address%%/*}"; else printf 'held\t%s\n' "${address%%/*}"; fi
done
for service in $services; do
  if [ "$(systemctl is-active "$service.service")" = active ]; then printf 'active\t%s\n' "$service"; fi
done
case "$(cat "$drain_file" 2>/dev/null)" in -*) echo drained ;; esac
if [ -x "$health_check" ] && ! "$health_check" >/dev/null 2>&1; then echo unwell; fi
