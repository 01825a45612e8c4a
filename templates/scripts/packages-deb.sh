# What install-packages and remove-packages do by apt-get and dpkg.
# Arguments: say_mark
# Needs: package-lock

# Also what is unpacked and waits to be configured: that is there, whoever brought it.
listed() { dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' | sed -n 's/^.[iUFHWt].  *//p' | sort -u; }
planned() {
  apt-get -s -o Debug::NoLocking=true --no-install-recommends install "$@" | sed -n 's/^Inst \([^ :]*\).*/\1/p'
}
apt() { alone apt-get -y -q -o Dpkg::Use-Pty=0 "$@"; }
get() { apt --no-install-recommends install "$@"; }
mend() { [ -z "$(dpkg --audit)" ] || { alone dpkg --configure -a; apt --no-remove --fix-broken install; }; }
# A list that is old or missing, and a run that was cut off, make the first try fail at once.
bring() { get "$@" || { apt update; mend; get "$@"; }; }

# Debian's packages start, restart and stop their services, and so the daemon of a build that has the same name: while
# this shell lives, the distribution's own policy file says no. The caller removes `guarded`.
# shellcheck disable=SC2016,SC2034 # The script expands it, and the caller reads it.
quiet_services() {
  export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l
  guard=/usr/sbin/policy-rc.d
  if [ ! -e "$guard" ] || grep -q 'Written by haup' "$guard"; then
    printf '%s\n' '#!/bin/sh' '# Written by haup: it starts and stops these itself while it lives.' "kill -0 $$ 2>/dev/null || exit 0" \
      'case $1 in keepalived|keepalived.service|nginx|nginx.service) exit 101 ;; esac' 'exit 0' > "$guard.haup-new"
    chmod 755 "$guard.haup-new"
    mv -f "$guard.haup-new" "$guard"
    guarded=$guard
  fi
}

removable() { apt-get -s -o Debug::NoLocking=true remove "$@" | sed -n 's/^Remv \([^ ]*\).*/\1/p'; }
# shellcheck disable=SC2086 # Words.
beside() { grep -vxF "$(printf '%s\n' $names)" || true; }
# take_away PURGE PACKAGE…; an empty PURGE leaves the configuration.
# shellcheck disable=SC2086 # Words.
take_away() {
  if [ -n "$1" ]; then
    export DEBIAN_FRONTEND=noninteractive
    states='installed\|config-files' verb=purge
  else
    quiet_services
    states=installed verb=remove
  fi
  shift
  names=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "$@" 2>/dev/null | sed -n "s/ \\($states\\)\$//p" | tr '\n' ' ')
  [ -n "$names" ] || return 0
  others=$(removable $names | beside)
  if [ -n "$others" ]; then
    # Something that haup did not bring has come to need some of them: those stay.
    free=
    for name in $names; do
      needing=$(removable "$name" | beside | tr '\n' ' ')
      if [ -z "$needing" ]; then free="$free $name"; else echo "${say_mark}the package $name stays: ${needing% } needs it"; fi
    done
    names=$free
  fi
  [ -n "$names" ] || return 0
  apt $verb $names
}
# is_gone PURGE PACKAGE; one that was not purged may have left its configuration.
is_gone() { [ -n "$1" ] && ! dpkg-query -W "$2" >/dev/null 2>&1; }
