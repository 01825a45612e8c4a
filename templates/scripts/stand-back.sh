# Has a keepalived that is not haup's read a configuration with the lowest priority; stdin: its `size` bytes. It reads
# them within a moment of the signal. Its file is then as it was before, even if haup is cut off: this script ends by
# itself, and the daemon's next start or reload uses its own configuration.
# Arguments: unit entry size
set -e
umask 077
entry=$(readlink -f "$entry")
lowest=$entry.haup-new own=$entry.haup-own
[ ! -e "$own" ] || mv -f "$own" "$entry"
head -c "$size" > "$lowest"
[ "$(stat -c %s "$lowest")" = "$size" ]
pid=$(systemctl show -p MainPID "$unit"); pid=${pid#MainPID=}
[ "${pid:-0}" != 0 ] || { echo "$unit does not run" >&2; exit 1; }
trap 'if [ -e "$own" ]; then mv -f "$own" "$entry"; fi; rm -f "$lowest"' EXIT
trap '' HUP INT TERM
ln "$entry" "$own" 2>/dev/null || cp -p "$entry" "$own"
chown "$(stat -c %U:%G "$entry")" "$lowest"
chmod "$(stat -c %a "$entry")" "$lowest"
mv -f "$lowest" "$entry"
kill -HUP "$pid"
sleep 1
kill -0 "$pid"
