# The machine, its packages and users.
# Arguments: package_managers deb_packages rpm_packages offers users
# Needs: facts-format
first_line /proc/sys/kernel/arch
[ -n "$line" ] || line=$(exec uname -m)
arch=$line
first_line /proc/sys/kernel/osrelease
kernel=$line
first_line /etc/machine-id
printf 'machine\t%s\t%s\t%s\n' "$arch" "$line" "$kernel"
while IFS= read -r line || [ -n "$line" ]; do
  case $line in ID=*|VERSION_ID=*|PRETTY_NAME=*) printf 'os\t%s\n' "$line" ;; esac
done 2>/dev/null < /etc/os-release
# What a hypervisor tells its guest: by the processor, or by the name of the machine.
while IFS= read -r line; do
  case $line in
    flags*' hypervisor'*) echo virtual && break ;;
    flags*) break ;;
  esac
done 2>/dev/null < /proc/cpuinfo
first_line /sys/class/dmi/id/product_name
case $line in *KVM*|*Virtual*|*VMware*|*QEMU*) echo virtual ;; esac
if [ -d /run/systemd/system ]; then echo systemd; fi
# nft matches sockets since Linux 4.18.
first_line /proc/sys/kernel/osrelease
major=${line%%.*}
line=${line#*.}
minor=${line%%[!0-9]*}
if [ "${major:-0}" -lt 4 ] || { [ "$major" -eq 4 ] && [ "$minor" -lt 18 ]; }; then printf 'nft\told-kernel\n'
elif command -v nft >/dev/null; then printf 'nft\tpresent\n'; fi
for manager in $package_managers; do
  if command -v "$manager" >/dev/null; then
    printf 'manager\t%s\n' "$manager"
    break
  fi
done

packages=
if [ -z "$deb_packages" ]; then :
elif command -v dpkg-query >/dev/null; then
  # shellcheck disable=SC2086 # An item a line.
  packages=$(exec dpkg-query -W -f='package\t${Package}\t${db:Status-Status}\t${Version}\n' $deb_packages 2>/dev/null)
elif command -v rpm >/dev/null; then
  # shellcheck disable=SC2086 # An item a line.
  packages=$(exec rpm -q --qf 'package\t%{NAME}\tinstalled\t%{VERSION}-%{RELEASE}\n' $rpm_packages 2>/dev/null)
fi
printf '%s\n' "$packages"

# What would be installed, of packages that are not: dnf takes a second for an answer, and up to its limit beside another
# run. Answers come from what the host has in its cache, since a look must not download.
missing=
for package in $offers; do
  case $newline$packages in
    *"${newline}package$tab$package${tab}installed$tab"*) ;;
    *) missing=$missing$package$newline ;;
  esac
done
if [ -z "$missing" ]; then :
elif command -v dpkg-query >/dev/null; then
  # shellcheck disable=SC2086 # An item a line.
  print_output apt-cache "$(exec apt-cache -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= policy $missing 2>/dev/null)"
elif command -v dnf >/dev/null; then
  # dnf 5 ends no line by itself.
  # shellcheck disable=SC2086 # An item a line.
  print_output dnf "$(exec timeout 10 dnf -q -C repoquery --latest-limit=1 --qf '%{name}.%{arch} %{evr} repository\n' $missing 2>/dev/null)"
elif command -v yum >/dev/null; then
  # shellcheck disable=SC2086 # An item a line.
  print_output dnf "$(exec timeout 10 yum -q -C list available $missing 2>/dev/null)"
fi

# A tilde asks the same database as getent.
for user in $users; do
  case $user in ''|*[!a-zA-Z0-9_.-]*) continue ;; esac
  eval "home=~$user"
  # shellcheck disable=SC2154 # eval has set it.
  [ "$home" = "~$user" ] || printf 'user\t%s\n' "$user"
done

# ldconfig would say the same, in a process.
set +f
for library in /lib/*/libcrypto.so.* /usr/lib/*/libcrypto.so.* /lib64/libcrypto.so.* /usr/lib64/libcrypto.so.* \
  /lib/libcrypto.so.* /usr/lib/libcrypto.so.* /usr/local/lib*/libcrypto.so.*; do
  if [ -f "$library" ]; then printf 'library\t%s\n' "${library##*/}"; fi
done
set -f
if [ -f /usr/include/pcre.h ]; then printf 'library\tpcre1\n'; fi
if [ -f /usr/include/pcre2.h ]; then printf 'library\tpcre2\n'; fi
