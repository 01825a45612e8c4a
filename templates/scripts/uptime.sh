# Functions for times on a host. Its clock may be set at any moment, by any amount, so whatever has to last for a time
# or to happen at a moment goes by the time since the boot, which /proc/uptime gives in hundredths of a second.

# uptime: puts the milliseconds since the boot into $up.
uptime() {
  read -r up _ < /proc/uptime
  hundredths=1${up#*.}
  up=$((${up%.*} * 1000 + (hundredths - 100) * 10))
}
# wait_until MS: to the millisecond: the last hundredths are waited out, the rest is slept.
wait_until() {
  uptime
  left=$(($1 - up - 20))
  [ "$left" -ge -20 ] || return 0
  [ "$left" -le 0 ] || sleep "$((left / 1000)).$(printf %03d $((left % 1000)))" || return 1
  while uptime; [ "$up" -lt $(($1 / 10 * 10)) ]; do :; done
  [ $(($1 % 10)) = 0 ] || sleep "0.00$(($1 % 10))"
}
