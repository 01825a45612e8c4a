# A function for after files were written or removed: systemd reads again what is its own of them. Links that started
# something that is gone go with it; and an init script counts only where nothing hides it.
# Needs: swap

register() {
  is_systemds=
  each find_systemds "$@"
  [ -n "$is_systemds" ] || return 0
  each remove_links "$@"
  systemctl daemon-reload
  each check_used "$@"
}
find_systemds() { case $2 in /etc/init.d/*|/etc/systemd/*) is_systemds=yes ;; esac; }
remove_links() {
  case $2 in
    /etc/systemd/system/*/*) ;;
    /etc/systemd/system/*.service) remove_dangling /etc/systemd/system/*.wants/"${2##*/}" ;;
    /etc/init.d/*) remove_dangling /etc/rc[0-9].d/[SK][0-9][0-9]"${2##*/}" /etc/rc.d/rc[0-9].d/[SK][0-9][0-9]"${2##*/}" ;;
  esac
}
remove_dangling() {
  for l; do if [ -L "$l" ] && [ ! -e "$l" ]; then rm -f "$l"; fi; done
}
check_used() {
  case $2.$5 in *.absent) return 0 ;; /etc/init.d/*) ;; *) return 0 ;; esac
  used=$(systemctl show -p FragmentPath "${2##*/}.service"); used=${used#FragmentPath=}
  case $used in
    /run/systemd/generator*) ;;
    '') echo "systemd has made no unit of $2" >&2; exit 1 ;;
    *) echo "$used hides $2: systemd uses a unit of that name instead" >&2; exit 1 ;;
  esac
}
