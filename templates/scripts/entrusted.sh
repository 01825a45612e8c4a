# What the host does by itself when the operator's machine goes: the daemon reads its files after `after` seconds, and
# the host's VIPs (the words) are announced `announce_at` milliseconds after the start, for `announce_for`.
# Arguments: service unread_mark after announce_at announce_for $@
# Needs: announce
uptime
start=$up
if [ -e "$unread_mark" ]; then sleep "$after"; fi
if [ -e "$unread_mark" ]; then systemctl reload-or-restart "$service.service" && rm -f "$unread_mark"; fi
if [ $# -gt 0 ]; then announce $((start + announce_at)) "$announce_for" "$@"; fi
