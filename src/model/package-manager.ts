/** The package managers that haup drives, in the order in which a host is asked for them; base/package-managers.ts knows more of each. */
export const packageManagers = ['apt-get', 'dnf', 'yum'] as const;
export type PackageManager = (typeof packageManagers)[number];
