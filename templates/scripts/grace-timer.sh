# The host ends the grace itself after `seconds`, whatever becomes of haup.
# Needs: grace-end. Arguments: id, seconds, ending (the text of grace-end.sh with its arguments).
: "${id:?}" "${seconds:?}" "${ending:?}"
systemctl stop "haup-grace-$id.timer" 2>/dev/null || true
systemctl reset-failed "haup-grace-$id.service" 2>/dev/null || true
systemd-run --quiet --unit="haup-grace-$id" --on-active="$seconds" --timer-property=AccuracySec=1s /bin/sh -c "$ending"
