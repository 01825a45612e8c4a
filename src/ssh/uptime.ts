/**
 * sh for times on a host. Its clock may be set at any moment, by a step of any size, so whatever has to last for a
 * time or to happen at a moment goes by the time since the boot, which /proc/uptime says in hundredths of a second.
 */

/** `uptime` puts the milliseconds since the boot into $up. */
export const uptime = `uptime() { read -r up rest < /proc/uptime; hundredths=1\${up#*.}; up=$((\${up%.*} * 1000 + (hundredths - 100) * 10)); }`;

/** `wait_until MS` waits for that moment, to a millisecond: the last hundredths are waited out, the rest is slept. */
export const waitUntil: string = `${uptime}
wait_until() {
  uptime; left=$(($1 - up - 20))
  [ "$left" -ge -20 ] || return 0
  [ "$left" -le 0 ] || sleep "$((left / 1000)).$(printf %03d $((left % 1000)))" || return 1
  while uptime; [ "$up" -lt $(($1 / 10 * 10)) ]; do :; done
  [ $(($1 % 10)) = 0 ] || sleep 0.00$(($1 % 10))
}`;
