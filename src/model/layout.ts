/** Where haup keeps things on a host. */

import type { Service } from './domain.ts';

export const stateDirectory = '/var/lib/haup';
/** All that haup makes there, as sh patterns: what goes with it. */
export const stateNames: readonly string[] = [
  ...['drain', 'record', 'found', 'history', 'stage', 'build', 'firewall'].flatMap((name) => [
    name,
    `${name}.new`,
    `${name}.haup-new`,
  ]),
  'installed.*%*',
];
/** Tarballs and build trees, while a build lasts; for root alone. source-directory.sh makes it. */
export const sourceDirectory: string = `${stateDirectory}/build`;
/** Drains the host while it holds a negative number; survives restarts and reboots. */
export const drainFile: string = `${stateDirectory}/drain`;
/**
 * What is in the drain file of a host that is drained: by its operator until he says otherwise, or by an apply
 * until the host is changed. keepalived clamps the priority at 1, and takes a sum below -253 for a fault.
 */
export const drainedBy = { operator: -253, change: -252 } as const;
/**
 * Exists while a service has not yet read files that were swapped under it; has what it still runs with, the
 * file that it reads first. Gone after a reboot, as what it ran with is: the boot has read what is there.
 */
export const unreadMark = (service: Service): string => `/run/haup.unread.${service}`;
/** A drill of haup verify is running or was interrupted: its name, and the timer that undoes it. A reboot removes both. */
export const drillRecord = '/run/haup.drill';
/** A record for each part that the host has in a grace, by its VIP. */
export const graceDirectory = '/run/haup.grace';
/** For systemd-tmpfiles: a boot ends what a drill has drained. */
export const drillAtBoot = '/etc/tmpfiles.d/haup-drill.conf';
/** What keepalived reads first. */
export const keepalivedConf = '/etc/keepalived/keepalived.conf';
/** keepalived runs it to learn whether nginx answers. */
export const healthCheck = '/usr/libexec/keepalived/haup-check-nginx';
/** Locked while a haup changes the host. */
export const lockFile = '/run/haup.lock';
/** Who has the lock. */
export const lockOwnerFile: string = `${lockFile}.who`;
/** What the host finishes itself when the run that has its lock is cut off; gone after a reboot. */
export const entrustedScript = '/run/haup.finish';
/** The digest of the recipe of a finished build; of each service its own, since both may have one prefix. */
export const stampPath = (service: Service, prefix: string): string => `${prefix}/.haup-build.${service}`;
/** Instead of the digest: the files of a build are being installed, or that was cut off. */
export const unfinishedStamp = 'unfinished';
/** Where a build of keepalived keeps the init script of its source tree, and the settings that the script reads. */
export const initSources = (prefix: string): { readonly script: string; readonly settings: string } => ({
  script: `${prefix}/share/keepalived/init.d/keepalived`,
  settings: `${prefix}/share/keepalived/sysconfig/keepalived`,
});
/** That a source tree has an init script, in the words in which it is noted with the features of a build. */
export const initFeature = 'init.d/keepalived';
/** The files that haup put in place with a build under a prefix; the prefix's slashes are written as %. */
export const installedList = (service: Service, prefix: string): string =>
  `${stateDirectory}/installed.${service}${prefix.replaceAll('/', '%')}`;
/** What haup has put on the host, one thing a line: a file for each kind. */
export const recordDirectory: string = `${stateDirectory}/record`;
/** The comment field of a user that haup created, which tells it from one created since under the same name. */
export const userMark = 'made by haup';
/** Files as they were before haup first wrote them, under their own paths. */
export const foundDirectory: string = `${stateDirectory}/found`;
/** Begins a line of a command's output that is for the operator to read, not for the log alone. */
export const sayMark = 'haup: ';
/** States that were kept before changes, one directory each, named by its number; readable by root alone. */
export const historyDirectory: string = `${stateDirectory}/history`;
/** How many are kept. */
export const keptStates = 5;
