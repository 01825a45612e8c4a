# For the next owner of the lock: the haup that began a drill is gone, or has lost the lock.
# Arguments: drill_record
# Needs: left-drill restore-fault
set -e
systemctl stop 'haup-drill-*.timer' 'haup-drill-*.service' 2>/dev/null || :
drill=$(left_drill)
rm -f "$drill_record" /run/haup-drill-*.sh
restore_fault "$drill"
