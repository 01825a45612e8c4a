# Injects the fault of a drill, and prints when it comes, by the clock of the host. First the record that tells it from what
# an operator did, and the timer that undoes it when haup does not; its script is a file, since systemd would expand
# variables of a command.
# Status 79: adverts cannot be dropped here.
# Arguments: kind timer seconds device drain undo drill_record drill_at_boot drain_file
# Needs: write-drain
set -e
case $kind in
  vrrp-block*) if ! command -v nft >/dev/null && ! command -v iptables >/dev/null; then exit 79; fi ;;
esac
printf '%s\n' "$kind $timer" > "$drill_record.new"
mv -f "$drill_record.new" "$drill_record"
# shellcheck disable=SC2016 # The name of the file itself.
printf '%s\n' "$undo" 'rm -f "$0"' > "/run/$timer.sh"
systemd-run --quiet --unit="$timer" --on-active="$seconds" --timer-property=AccuracySec=1s /bin/sh "/run/$timer.sh"

# A drain outlives a boot, a timer does not: systemd-tmpfiles removes the drain before daemons start.
undo_at_boot() {
  mkdir -p "${drill_at_boot%/*}"
  printf '%s\n' '# A drill of haup verify has drained this host: a boot ends that.' "r! $drain_file" "r! $drill_at_boot" > "$drill_at_boot.new"
  sync "$drill_at_boot.new"
  mv -f "$drill_at_boot.new" "$drill_at_boot"
}
# Routes and IPv6 addresses go with a link that is down; those of the kernel come back with it.
note_link() {
  echo "$device"
  ip -6 -o addr show dev "$device" scope global permanent | while read -r _ _ _ address _; do
    echo "-6 addr replace $address dev $device nodad"
  done
  for family in -4 -6; do
    ip "$family" route show dev "$device" | while read -r route; do
      case $route in *"proto kernel"*) ;; *) echo "$family route replace $route dev $device" ;; esac
    done
  done
}
# Adverts are IP protocol 112. Before any other rule: a table of its own, or where nft is missing iptables.
drop_adverts() {
  if command -v nft >/dev/null; then
    nft add table inet haup_drill
    nft add chain inet haup_drill "$1" "{ type filter hook $1 priority -300; }"
    nft add rule inet haup_drill "$1" meta l4proto 112 drop
    return
  fi
  iptables -I "$2" -p 112 -m comment --comment haup-drill -j DROP
  if ip6tables -S "$2" >/dev/null 2>&1; then ip6tables -I "$2" -p 112 -m comment --comment haup-drill -j DROP; fi
}
# fault_in MS: prints when the fault comes.
fault_in() { printf 'fault %s\n' "$(($(date +%s%N) + $1 * 1000000))"; }
case $kind in
  link)
    systemctl is-active --quiet "$timer.timer"
    note_link > "$drill_record.link"
    fault_in 300
    ;;
  drain)
    undo_at_boot
    fault_in 0
    ;;
  reboot) fault_in 300 ;;
  *) fault_in 0 ;;
esac
case $kind in
  stop) systemctl stop keepalived.service ;;
  drain) write_drain "$drain" ;;
  nginx)
    # Stopped as well, before systemd restarts it.
    systemctl kill --signal=KILL nginx.service
    systemctl stop nginx.service
    ;;
  crash) systemctl kill --signal=KILL keepalived.service ;;
  hang) systemctl kill --signal=STOP nginx.service ;;
  link)
    # By a timer, since this command must end first.
    systemd-run --quiet --unit="$timer-cut" --on-active=300ms --timer-property=AccuracySec=1ms ip link set dev "$device" down
    ;;
  reboot) systemd-run --quiet --unit="$timer-cut" --on-active=300ms --timer-property=AccuracySec=1ms systemctl reboot ;;
  vrrp-block)
    drop_adverts input INPUT
    drop_adverts output OUTPUT
    ;;
  vrrp-block-out) drop_adverts output OUTPUT ;;
  vrrp-block-in) drop_adverts input INPUT ;;
esac
