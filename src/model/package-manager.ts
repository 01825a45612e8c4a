/** The package managers that haup drives, in the order in which a host is asked for them; base/package-managers.ts knows more of each. */
export const packageManagers = ['apt-get', 'dnf', 'yum'] as const;

/** For messages. */
export const anyPackageManager = `${packageManagers.slice(0, -1).join(', ')} or ${packageManagers.at(-1)}`;

export type PackageManager = (typeof packageManagers)[number];
