/** The package managers that haup drives. */
export const packageManagers = ['apt-get', 'dnf', 'yum'] as const;
export type PackageManager = (typeof packageManagers)[number];
