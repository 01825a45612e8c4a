# What install-packages and remove-packages do by rpm and a `manager` of dnf's kind.
# Arguments: manager say_mark
# Needs: package-lock

listed() { rpm -qa --qf '%{NAME}\n' | sort -u; }
# yum and dnf have no words for programs to read that say more: it is what was asked for.
planned() { printf '%s\n' "$@"; }
# yum 3 calls it a success when one of several packages was found, so rpm has the last word.
bring() { alone "$manager" -y --setopt=exit_on_lock=1 install "$@" && rpm -q "$@"; }
quiet_services() { :; }

# take_away PURGE PACKAGE…
# shellcheck disable=SC2086 # Words.
take_away() {
  purged=$1
  shift
  names=
  for name in "$@"; do
    if rpm -q "$name" >/dev/null 2>&1; then names="$names $name"; fi
  done
  while [ -n "$names" ] && ! rpm -e --test $names >/dev/null 2>&1; do
    # Something that haup did not bring has come to need some of them: those stay.
    free=
    for name in $names; do
      needing=$(rpm -e --test "$name" 2>&1 | sed -n 's/.*is needed by (installed) \(.*\)-[^-]*-[^-]*$/\1/p' | grep -vxF "$(printf '%s\n' $names)" | sort -u | tr '\n' ' ' || true)
      if [ -z "$needing" ]; then free="$free $name"; else echo "${say_mark}the package $name stays: ${needing% } needs it"; fi
    done
    if [ "$free" = "$names" ]; then break; fi
    names=$free
  done
  [ -n "$names" ] || return 0
  # The scripts of a package that a build of the same name has replaced would stop that: they do not run.
  if [ -n "$purged" ]; then alone rpm -e $names; else alone rpm -e --noscripts $names; fi
}
# is_gone PURGE PACKAGE
is_gone() { ! rpm -q "$2" >/dev/null 2>&1; }
