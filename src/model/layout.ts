/** Where haup keeps things on a host. */

import type { Service } from './domain.ts';

export const stateDirectory = '/var/lib/haup';
/** Tarballs and build trees, while a build lasts. */
export const sourceDirectory = '/usr/local/src/haup';
/** Drains the host while it holds a negative number; survives restarts and reboots. */
export const drainFile: string = `${stateDirectory}/drain`;
/** Exists while a service has not yet read files that were swapped under it. */
export const unreadMark = (service: Service): string => `${stateDirectory}/unread.${service}`;
/** The digest of the recipe of a finished build. */
export const stampPath = (prefix: string): string => `${prefix}/.haup-build`;
/** In place of the digest: files of a build are being put in place, or that was cut off. */
export const unfinishedStamp = 'unfinished';
/** The files that haup put in place with a build. */
export const installedList = (service: Service): string => `${stateDirectory}/installed.${service}`;
