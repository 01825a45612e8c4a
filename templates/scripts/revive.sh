# Brings back a unit that was retired.
# Arguments: service unit enabled
# Needs: recording
set -e
systemctl daemon-reload
if [ "$enabled" = enabled ]; then systemctl enable "$unit" 2>/dev/null || systemctl reenable "$unit"
else systemctl disable "$unit"; fi
systemctl reset-failed "$unit" 2>/dev/null || true
systemctl start "$unit"
for _ in 1 2 3; do
  sleep 0.15
  [ "$(systemctl is-active "$unit")" = active ] || { journalctl -q --no-pager -o cat -u "$unit" -n 15 >&2; exit 1; }
done
for enabled in enabled disabled; do forget units "$service $unit $enabled"; done
