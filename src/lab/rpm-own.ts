/** Red Hat packages that Debian has no counterpart for: small stand-ins, written for the lab. */

import { labScript } from './lab-script.ts';

export interface OwnPackage {
  readonly version: string;
  readonly summary: string;
  readonly requires: readonly string[];
  /** By its path, without the first slash. */
  readonly files: Readonly<Record<string, { readonly text: string; readonly mode: number }>>;
}

export const ownPackages: Readonly<Record<string, OwnPackage>> = {
  initscripts: {
    version: '10.11',
    summary: 'Functions for init scripts',
    requires: ['chkconfig'],
    files: { 'etc/rc.d/init.d/functions': { text: labScript('init-functions'), mode: 0o644 } },
  },
  chkconfig: {
    version: '1.24',
    summary: 'Has init scripts started at boot',
    requires: [],
    files: { 'usr/sbin/chkconfig': { text: `#!/bin/sh\n${labScript('chkconfig')}`, mode: 0o755 } },
  },
};
