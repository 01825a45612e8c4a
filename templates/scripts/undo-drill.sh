# Does nothing once the record is not of this drill any more.
# Arguments: kind timer
# Needs: restore-fault
set -e
grep -qsFx "$kind $timer" "$drill_record" || exit 0
restore_fault "$kind"
rm -f "$drill_record"
