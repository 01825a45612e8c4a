# The services, the programs behind them, and with `running` every keepalived and nginx that runs, whoever started it. A
# daemon in a container has another pid namespace, and is not the host's.
# Arguments: keepalived keepalived_stamp nginx nginx_stamp running
# Needs: facts-format

# same_file A B
# shellcheck disable=SC3013 # dash, bash and busybox have it.
same_file() { [ "$1" -ef "$2" ]; }
# resolve PATH: sets `real` to the file that it leads to.
resolve() {
  real=$1
  if [ -L "$1" ]; then real=$(exec readlink -f "$1")
  elif cd -P "${1%/*}/" 2>/dev/null; then real=${PWD%/}/${1##*/}; fi
}
keepalived_real=
keepalived_said=
if [ -x "$keepalived" ]; then
  resolve "$keepalived"
  first_line "$keepalived_stamp"
  keepalived_real=$real
  keepalived_said=$(exec "$keepalived" -v 2>&1 </dev/null)
  printf 'software\tkeepalived\t%s\t%s\t%s\n' "$keepalived" "$line" "$real"
  print_output keepalived "$keepalived_said"
fi
nginx_real=
nginx_said=
if [ -x "$nginx" ]; then
  resolve "$nginx"
  first_line "$nginx_stamp"
  nginx_real=$real
  nginx_said=$(exec "$nginx" -V 2>&1 </dev/null)
  printf 'software\tnginx\t%s\t%s\t%s\n' "$nginx" "$line" "$real"
  print_output nginx "$nginx_said"
fi
cd /

# program_of PID: sets `program` to the path of what it runs.
program_of() {
  if same_file "/proc/$1/exe" "$keepalived_real"; then program=$keepalived_real
  elif same_file "/proc/$1/exe" "$nginx_real"; then program=$nginx_real
  else program=$(exec readlink "/proc/$1/exe"); fi
}
# unit_of PID: sets `unit` to the service in whose control group it is.
unit_of() {
  unit=
  while IFS= read -r line; do
    case $line in 0::*|*:name=systemd:*) ;; *) continue ;; esac
    IFS=/
    for part in $line; do
      case $part in *.service) unit=$part ;; esac
    done
    IFS=$newline
    [ -z "$unit" ] || break
  done < "/proc/$1/cgroup"
}
# option NAME TEXT: sets `value` to the configure option of that name; empty: the text has none.
option() {
  value=
  IFS=" $newline"
  for word in $2; do
    case $word in
      *--"$1"=*)
        value=${word#*--"$1"=}
        value=${value%%\'*}
        ;;
    esac
  done
  IFS=$newline
}
# said_by SERVICE PID: sets `said` to what its program says of itself.
said_by() {
  case "$1 $program" in
    "keepalived $keepalived_real") said=$keepalived_said ;;
    "nginx $nginx_real") said=$nginx_said ;;
    keepalived*) said=$(exec "/proc/$2/exe" -v 2>&1 </dev/null) ;;
    nginx*) said=$(exec "/proc/$2/exe" -V 2>&1 </dev/null) ;;
  esac
}
# The words of a command line, one a line. Those of a process are separated by NUL, which a shell cannot read: that takes
# a process, but where nginx has put its command line into its title.
words_of() {
  IFS= read -r line < "/proc/$1/cmdline" || :
  case $line in
    'nginx: master process '*)
      words=
      IFS=' '
      for word in $line; do words=$words$word$newline; done
      IFS=$newline
      ;;
    *) words=$(exec tr '\0' '\n' < "/proc/$1/cmdline") ;;
  esac
}
# entry_of SERVICE PID: sets `entry` to the file that it reads first, from its command line or from how it was built.
entry_of() {
  service=$1 pid=$2
  entry=
  under=
  IFS= read -r line < "/proc/$pid/cmdline" || :
  # Without its NULs a command line is clear enough when it ends with the file.
  case $service$line in
    keepalived*--use-file=/*)
      entry=${line##*--use-file=}
      if [ -f "$entry" ]; then return; fi
      entry=
      ;;
  esac
  words_of "$pid"
  # shellcheck disable=SC2086 # An item a line.
  set -- $words
  while [ $# -gt 0 ]; do
    case "$service $1" in
      'keepalived -f'|'keepalived --use-file'|'keepalived -'[A-Za-z]*f|'nginx -c') entry=${2-} ;;
      'keepalived --use-file='*) entry=${1#*=} ;;
      'keepalived -f'?*|'nginx -c'?*) entry=${1#-?} ;;
      'nginx -p') under=${2-} ;;
    esac
    shift
  done
  case $entry in /*) return ;; esac
  said_by "$service" "$pid"
  option prefix "$said"
  prefix=$value
  if [ "$service" = nginx ]; then
    under=${under:-${prefix:-/usr/local/nginx}}
    if [ -z "$entry" ]; then
      option conf-path "$said"
      entry=${value:-conf/nginx.conf}
    fi
    case $entry in /*) ;; *) entry=${under%/}/$entry ;; esac
  elif [ -n "$entry" ]; then
    entry=$(exec readlink "/proc/$pid/cwd")/$entry
  else
    option sysconfdir "$said"
    sysconfdir=$value
    option sysconf "$said"
    for directory in "$sysconfdir" "$value" "$prefix/etc" /etc; do
      entry=$directory/keepalived/keepalived.conf
      [ ! -f "$entry" ] || break
    done
  fi
}

# Each that runs: pid, service, directory and path of the file that it reads first.
entries=
units=
if [ "$running" = yes ]; then
  set +f
  set -- /proc/[0-9]*
  set -f
else
  set --
fi
for process do
  { IFS= read -r comm < "$process/comm"; } 2>/dev/null || continue
  case $comm in keepalived|nginx) ;; *) continue ;; esac
  { IFS=' ' read -r _ _ _ parent _ < "$process/stat"; } 2>/dev/null || continue
  above=
  { IFS= read -r above < "/proc/$parent/comm"; } 2>/dev/null || :
  [ "$above" != "$comm" ] || continue
  same_file "$process/ns/pid" /proc/self/ns/pid || continue
  pid=${process#/proc/}
  program_of "$pid"
  [ -n "$program" ] || continue
  unit_of "$pid"
  entry_of "$comm" "$pid"
  printf 'ran\t%s\t%s\t%s\t%s\t%s\n' "$pid" "$comm" "$program" "$unit" "$entry"
  if [ -f "$entry" ]; then entries=$entries$pid$tab$comm$tab${entry%/*}/$tab$entry$newline; fi
  case $newline${units}keepalived.service${newline}nginx.service$newline in
    *"$newline$unit$newline"*) ;;
    *) units=$units$unit$newline ;;
  esac
done

# In /etc/rc3.d is what an init script starts at boot: of a unit made from one, systemd does not know.
set +f
for service in keepalived nginx; do
  for link in "/etc/rc3.d/S"[0-9][0-9]"$service" "/etc/rc.d/rc3.d/S"[0-9][0-9]"$service"; do
    if [ -e "$link" ]; then printf 'boots\t%s\n' "$service"; fi
  done
done
set -f
# shellcheck disable=SC2086 # An item a line.
states=$(exec systemctl show keepalived.service nginx.service $units \
  -p Id,LoadState,ActiveState,UnitFileState,FragmentPath,NeedDaemonReload,MainPID 2>/dev/null)
print_output systemctl "$states"
for line in $states; do
  case $line in
    MainPID=0) ;;
    MainPID=*)
      program_of "${line#*=}"
      printf 'program\t%s\t%s\n' "${line#*=}" "$program"
      ;;
  esac
done

# keepalived's own words, of this long since each refused advert is a line: a sender that is still there shows in it.
echo "begin	journal"
journalctl -q -u keepalived -o cat --since=-20s -n 200 2>/dev/null
echo "end	journal"
