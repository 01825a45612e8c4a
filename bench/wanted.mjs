// What the example inventory means for tools that cannot read it.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { example } from './pair.mjs';

/** What haup installs for the two builds and for its own scripts. */
export const packages =
  'gcc make libc6-dev pkg-config libssl-dev libnl-3-dev libnl-genl-3-dev libpcre2-dev zlib1g-dev iproute2 curl nftables';

export const serviceOf = (path) => (/keepalived/.test(path) ? 'keepalived' : 'nginx');

/** What is built, from which tarball of the lab that has this overlay, and how. */
export function software(overlayPath) {
  const wanted = parse(readFileSync(example, 'utf8'));
  const overlay = parse(readFileSync(overlayPath, 'utf8'));
  return ['nginx', 'keepalived'].map((name) => {
    const { prefix, configure, version, urls } = { ...wanted[name], ...overlay[name] };
    return {
      name,
      version,
      tarball: urls[0].replace(/^file:\/\//, ''),
      configure: [`--prefix=${prefix}`, ...configure].join(' '),
    };
  });
}
