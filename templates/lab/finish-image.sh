# Finishes an image, whose root is $1: its package pool, its units, its users. Runs on the operator's machine, once the
# packages are installed.
# Arguments: flavour pool_mount required optional masked operators_group operators
set -eu
root=$1
pool=$root$pool_mount
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"

# The pool, in full relative to this image.
mkdir -p "$pool/partial"
fetch() {
  # shellcheck disable=SC2086 # Words.
  apt-get -qq -y --no-install-recommends --download-only -o Dir::Cache::archives="$pool" -o APT::Sandbox::User=root install $1
}
fetch "$required"
while read -r set; do
  [ -z "$set" ] || fetch "$set" || echo "not in this release: $set"
done <<END
$optional
END
rm -rf "$pool/partial" "$pool/lock"
unset APT_CONFIG
(
  cd "$pool"
  for deb in *.deb; do
    # apt decodes the %3a of an epoch when it reads a file: URI.
    case $deb in *%3a*) mv "$deb" "$(echo "$deb" | sed 's/_[0-9]*%3a/_/')" ;; esac
  done
  for deb in *.deb; do
    dpkg-deb --field "$deb"
    echo "Filename: ./$deb"
    echo "Size: $(stat -c %s "$deb")"
    echo "SHA256: $(sha256sum "$deb" | cut -d ' ' -f 1)"
    echo
  done >Packages
)
if [ "$flavour" = apt ]; then
  rm -f "$root"/etc/apt/sources.list.d/*
  echo "deb [trusted=yes] file:$pool_mount ./" >"$root/etc/apt/sources.list"
  cat >"$root/etc/apt/apt.conf.d/90lab" <<'END'
Acquire::Languages "none";
APT::Install-Recommends "false";
END
  rm -f "$root/etc/apt/apt.conf.d/99mmdebstrap"
fi
# Unpacked before dpkg had its options.
rm -rf "$root"/usr/share/doc/* "$root"/usr/share/man/* "$root"/usr/share/info/* "$root"/usr/share/locale/*

# Quiet: nothing wakes up while a failover is timed.
chroot "$root" systemctl disable ssh.socket 2>/dev/null || :
for unit in $masked; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
chroot "$root" systemctl enable ssh.service
chroot "$root" systemctl set-default multi-user.target
rm -f "$root"/etc/update-motd.d/*
mkdir -p "$root/etc/systemd/journald.conf.d" "$root/etc/ssh/sshd_config.d"
printf '[Journal]\nStorage=volatile\nRuntimeMaxUse=32M\n' >"$root/etc/systemd/journald.conf.d/lab.conf"
rm -rf "$root/var/log/journal"

# systemd drops the underscore that the kernel and the inventory allow in a host name.
cat >"$root/etc/systemd/system/lab-hostname.service" <<'END'
[Unit]
Description=Host name as the lab wrote it
DefaultDependencies=no
Before=systemd-journald.service sysinit.target
[Service]
Type=oneshot
RemainAfterExit=yes
# Its own view of /proc/sys, since the host's is read-only.
PrivateMounts=yes
ExecStart=/bin/sh -c 'mount -o remount,bind,rw /proc/sys && cat /etc/hostname >/proc/sys/kernel/hostname'
[Install]
WantedBy=sysinit.target
END
chroot "$root" systemctl enable lab-hostname.service

rm -f "$root"/etc/ssh/ssh_host_*
printf 'HostKey /etc/ssh/ssh_host_ed25519_key\nUseDNS no\nPrintLastLog no\n' >"$root/etc/ssh/sshd_config.d/lab.conf"
while read -r name uid; do
  chroot "$root" useradd --create-home --shell /bin/bash --uid "$uid" --gid "$operators_group" --groups sudo "$name" </dev/null
done <<END
$operators
END
echo 'operator ALL=(ALL:ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/operator"
chmod 0440 "$root/etc/sudoers.d/operator"

echo LANG=C.UTF-8 >"$root/etc/default/locale"
ln -sf /usr/share/zoneinfo/UTC "$root/etc/localtime"
rm -f "$root/etc/resolv.conf" "$root/etc/hostname" "$root/etc/machine-id"
: >"$root/etc/resolv.conf"
: >"$root/etc/machine-id"
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/archives/*.deb
if [ "$flavour" = apt ]; then
  chroot "$root" apt-get -qq update
  chroot "$root" apt-get -qq check
fi
