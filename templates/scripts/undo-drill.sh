# Undoes a drill, if the record is still of that one. A timer of systemd carries this as one line: each line here is a
# command of its own, and no variable is in braces, which systemd would expand.
# Arguments: drill_record drill_at_boot kind unit service
# Needs: write-drain
grep -qsFx "$kind $unit" "$drill_record" || exit 0
[ "$kind" != stop ] || systemctl start "$service.service" || exit
[ "$kind" != drain ] || write_drain 0 || exit
rm -f "$drill_at_boot" "$drill_record"
