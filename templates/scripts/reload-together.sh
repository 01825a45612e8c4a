# Waits for the moment `at`, in milliseconds since the boot, and tells the daemon to read its files. Without the ways
# through systemctl and D-Bus, which take longer on one host than on another; ends without doing it when the operator's
# machine goes.
# Arguments: service unread_mark at
# Needs: service-state uptime
main_process
wait_until "$at" || exit 1
if [ "${main:-0}" = 0 ]; then
  systemctl reset-failed "$service.service" 2>/dev/null
  systemctl restart "$service.service" 2>/dev/null || fail
else kill -HUP "$main" || fail; fi
uptime
echo "reloaded $((up - at)) ms after the agreed moment"
settles || fail
rm -f "$unread_mark"
