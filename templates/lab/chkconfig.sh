# Stand-in for Red Hat's chkconfig, in a lab of haup: links by the line "# chkconfig: LEVELS START STOP" of a script.
case ${0##*/} in
  systemd-sysv-install) verb=$1 name=$2 ;;
  *) case $1 in
      --add) verb=disable name=$2 ;;
      --del) verb=del name=$2 ;;
      *) name=$1; case $2 in on) verb=enable ;; off) verb=disable ;; *) verb=is-enabled ;; esac ;;
    esac ;;
esac
script=/etc/init.d/$name
[ -e "$script" ] || { echo "error reading information on service $name: No such file or directory" >&2; exit 1; }
read -r levels start stop <<END
$(sed -n 's/^# chkconfig: *//p' "$script" | head -n 1)
END
[ -n "$stop" ] || { echo "service $name does not support chkconfig" >&2; exit 1; }
[ "$levels" = - ] && levels=
[ "$verb" = enable ] && levels=${levels:-2345}
[ "$verb" = disable ] && levels=
[ "$verb" = is-enabled ] && { ls /etc/rc3.d/S[0-9][0-9]"$name" >/dev/null 2>&1; exit; }
for level in 0 1 2 3 4 5 6; do
  mkdir -p "/etc/rc$level.d"
  rm -f "/etc/rc$level.d"/[SK][0-9][0-9]"$name"
  [ "$verb" = del ] && continue
  case $levels in *$level*) link=S$start$name ;; *) link=K$stop$name ;; esac
  ln -s "../init.d/$name" "/etc/rc$level.d/$link"
done
exit 0
