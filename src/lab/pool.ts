/** What hosts can install. */

import type { Flavour } from './flavour.ts';

/** Where a host finds the package pool. */
export const poolMount = '/srv/haup/pool';

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

// The image has no compiler and no headers: `apply` really installs packages, from this pool.
const both = `
    gcc make pkg-config libc6-dev
    libssl-dev libsystemd-dev libnl-3-dev libnl-genl-3-dev zlib1g-dev libpcre2-dev
    libxtables-dev libip4tc-dev libip6tc-dev libipset-dev libnftnl-dev libmnl-dev
    curl iproute2 psmisc nftables keepalived nginx`;

/** Sets of Debian packages; they may exclude each other, and the first is in every release. */
export const pools: Readonly<Record<Flavour, readonly (readonly string[])[]>> = {
  apt: [
    words(`${both} build-essential ca-certificates`),
    // Gone from newer releases: a set that is not available is left out.
    ['libpcre3-dev'],
    ['nginx-light'],
    ['nginx-core'],
  ],
  yum: [words(both), ['libpcre3-dev']],
};
