/** The script that finishes an image: its package pool, units that are masked, users. */

import type { Flavour } from './flavour.ts';
import { labScript } from './lab-script.ts';

/** The group `users` of Debian; a group named `operator` exists already. */
export const operatorsGroup = 100;

/** Ordinary users of every host: `operator` has sudo without a password, `operator-pw` with one. */
export const operators = [
  { name: 'operator', uid: 1000 },
  { name: 'operator-pw', uid: 1001 },
] as const;

/** Includes units that watch directories: all hosts share the kernel's 128 inotify instances. */
const masked = `
  apt-daily.timer apt-daily-upgrade.timer apt-daily.service apt-daily-upgrade.service
  dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer logrotate.timer
  man-db.timer motd-news.timer systemd-tmpfiles-clean.timer update-notifier-download.timer
  update-notifier-motd.timer ua-timer.timer getty.target console-getty.service
  systemd-logind.service systemd-resolved.service systemd-networkd.service systemd-timesyncd.service
  systemd-networkd-wait-online.service systemd-pcrphase.service ssh.socket dev-hugepages.mount
  systemd-ask-password-console.path systemd-ask-password-wall.path
  dnf-makecache.timer dnf-makecache.service`;

/** @param sets packages of the pool; the first set is in every release */
export function finishImage(
  flavour: Flavour,
  [required = [], ...optional]: readonly (readonly string[])[],
): string {
  return labScript('finish-image', {
    flavour,
    required: required.join(' '),
    optional: optional.map((set) => set.join(' ')),
    masked: masked.trim().split(/\s+/),
    operators_group: operatorsGroup,
    operators: operators.map(({ name, uid }) => `${name} ${uid}`),
  });
}
