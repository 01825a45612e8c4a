# restore_fault KIND: undoes what break-host.sh did, also where nothing was broken yet.
# Arguments: drill_at_boot drill_record
# Needs: write-drain
restore_fault() {
  case $1 in
    stop|crash) systemctl start keepalived.service ;;
    drain)
      write_drain 0
      rm -f "$drill_at_boot"
      ;;
    nginx)
      systemctl reset-failed nginx.service 2>/dev/null || :
      systemctl start nginx.service
      ;;
    hang)
      systemctl kill --signal=CONT nginx.service || :
      systemctl start nginx.service
      ;;
    link)
      systemctl stop 'haup-drill-link-*-cut.timer' 2>/dev/null || :
      if [ -e "$drill_record.link" ]; then raise_link < "$drill_record.link"; fi
      rm -f "$drill_record.link"
      ;;
    vrrp-block*) pass_adverts ;;
  esac
}
# The interface that was taken down, then what goes with it: arguments of ip.
raise_link() {
  read -r device
  ip link set dev "$device" up
  while read -r line; do
    # shellcheck disable=SC2086 # Words of a command.
    ip $line || :
  done
}
pass_adverts() {
  if command -v nft >/dev/null; then
    nft delete table inet haup_drill 2>/dev/null || :
    if nft list table inet haup_drill >/dev/null 2>&1; then return 1; fi
    return 0
  fi
  for tables in iptables ip6tables; do
    for chain in INPUT OUTPUT; do
      while "$tables" -D "$chain" -p 112 -m comment --comment haup-drill -j DROP 2>/dev/null; do :; done
    done
  done
}
