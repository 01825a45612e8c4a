# Starts, reloads, restarts or stops a service. `hurries`: it is nginx on a host whose VIPs have gone.
# Arguments: service verb unread_mark hurries
# Needs: service-state reread

# Their connections have gone with them: one that the move has cut never ends by itself, and would hold a graceful stop
# up for 8 to 10 s, in which nginx does not listen, should the host have to serve after all. A second is left for what
# came by the host's own address. It is systemd that stops and starts, as ever.
hurry=
if [ "$hurries" ]; then
  main_process
  { sleep 1; [ "${main:-0}" = 0 ] || kill -TERM "$main"; } >/dev/null 2>&1 & hurry=$!
fi
again() { ! runs && systemctl restart "$service.service" 2>/dev/null; }
# A daemon that runs reads its files (`start`: if there are some that it has not read); one that does not is started:
# since the plan was made it may have died, or systemd may have brought it back. What does not run cannot be
# interrupted, so that it is restarted, which does not wait until systemd tries again by itself.
read_or_start() {
  if runs && { [ "$verb" = reload ] || [ -e "$unread_mark" ]; }; then reread || again || fail
  else runs || again || fail; fi
}
systemctl reset-failed "$service.service" 2>/dev/null
case $verb in
  start|reload) read_or_start ;;
  *) systemctl "$verb" "$service.service" 2>/dev/null || fail ;;
esac
case $verb in start|reload) settles || { again && settles; } || fail ;; esac
[ -z "$hurry" ] || kill "$hurry" 2>/dev/null
[ "$verb" != restart ] || settles || fail
[ "$verb" = stop ] || rm -f "$unread_mark"
