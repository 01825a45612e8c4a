/** The script that finishes an image: its package pool, units that are masked, users. */

import type { Flavour } from './flavour.ts';
import { poolMount } from './pool.ts';

/** The group `users` of Debian; a group named `operator` exists already. */
export const operatorsGroup = 100;

/** Ordinary users of every host: `operator` has sudo without a password, `operator-pw` with one. */
export const operators = [
  { name: 'operator', uid: 1000 },
  { name: 'operator-pw', uid: 1001 },
] as const;

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Includes units that watch directories: all hosts share the kernel's 128 inotify instances. */
const masked = words(`
  apt-daily.timer apt-daily-upgrade.timer apt-daily.service apt-daily-upgrade.service
  dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer logrotate.timer
  man-db.timer motd-news.timer systemd-tmpfiles-clean.timer update-notifier-download.timer
  update-notifier-motd.timer ua-timer.timer getty.target console-getty.service
  systemd-logind.service systemd-resolved.service systemd-networkd.service systemd-timesyncd.service
  systemd-networkd-wait-online.service systemd-pcrphase.service ssh.socket dev-hugepages.mount
  systemd-ask-password-console.path systemd-ask-password-wall.path
  dnf-makecache.timer dnf-makecache.service`);

/** Runs on the operator's machine with the image's root as $1, once the packages are installed. */
export const customize = (flavour: Flavour, sets: readonly (readonly string[])[]): string => `set -eu
root=$1
pool=$root${poolMount}
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"

# The pool, in full relative to this image.
mkdir -p "$pool/partial"
fetch() {
  apt-get -qq -y --no-install-recommends --download-only -o Dir::Cache::archives="$pool" -o APT::Sandbox::User=root install "$@"
}
fetch ${(sets[0] ?? []).join(' ')}
${sets
  .slice(1)
  .map((set) => `fetch ${set.join(' ')} || echo 'not in this release: ${set.join(' ')}'`)
  .join('\n')}
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
${flavour === 'apt' ? aptSources : ''}# Unpacked before dpkg had its options.
rm -rf "$root"/usr/share/doc/* "$root"/usr/share/man/* "$root"/usr/share/info/* "$root"/usr/share/locale/*

# Quiet: nothing wakes up while a failover is timed.
chroot "$root" systemctl disable ssh.socket 2>/dev/null || :
for unit in ${masked.join(' ')}; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
chroot "$root" systemctl enable ssh.service
chroot "$root" systemctl set-default multi-user.target
rm -f "$root"/etc/update-motd.d/*
mkdir -p "$root/etc/systemd/journald.conf.d" "$root/etc/ssh/sshd_config.d"
printf '[Journal]\\nStorage=volatile\\nRuntimeMaxUse=32M\\n' >"$root/etc/systemd/journald.conf.d/lab.conf"
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
printf 'HostKey /etc/ssh/ssh_host_ed25519_key\\nUseDNS no\\nPrintLastLog no\\n' >"$root/etc/ssh/sshd_config.d/lab.conf"
${operators.map(({ name, uid }) => `chroot "$root" useradd --create-home --shell /bin/bash --uid ${uid} --gid ${operatorsGroup} --groups sudo ${name}`).join('\n')}
echo 'operator ALL=(ALL:ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/operator"
chmod 0440 "$root/etc/sudoers.d/operator"

echo LANG=C.UTF-8 >"$root/etc/default/locale"
ln -sf /usr/share/zoneinfo/UTC "$root/etc/localtime"
rm -f "$root/etc/resolv.conf" "$root/etc/hostname" "$root/etc/machine-id"
: >"$root/etc/resolv.conf"
: >"$root/etc/machine-id"
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/archives/*.deb
${flavour === 'apt' ? aptCheck : ''}`;

const aptSources = `rm -f "$root"/etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:${poolMount} ./' >"$root/etc/apt/sources.list"
cat >"$root/etc/apt/apt.conf.d/90lab" <<'END'
Acquire::Languages "none";
APT::Install-Recommends "false";
END
rm -f "$root/etc/apt/apt.conf.d/99mmdebstrap"
`;

const aptCheck = `chroot "$root" apt-get -qq update
chroot "$root" apt-get -qq check
`;
