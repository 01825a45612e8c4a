# Ends a drill that was cut off, for whoever has the lock now: the drill's own haup is gone, or has lost the lock.
# Arguments: drill_record drill_at_boot
# Needs: left-drill write-drain
systemctl stop 'haup-stop-*.timer' 'haup-stop-*.service' 'haup-drain-*.timer' 'haup-drain-*.service' 2>/dev/null
drill=$(left_drill)
rm -f "$drill_record"
case $drill in
  stop) systemctl start keepalived.service ;;
  drain) write_drain 0 && rm -f "$drill_at_boot" ;;
esac
