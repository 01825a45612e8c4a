/** keepalived's own words on adverts that it refuses, or that make it move: sh that reads them, and the parser. */

import type { HostFacts } from '../model/facts.ts';

/** Each refused advert is a line, so that a speaker that is still there shows in this time. */
const seconds = 20;

/** As keepalived 1.3 to 2.3 words them; the ones with an address are ordinary where it is a member's. */
const telling =
  'not present in|bogus VRRP|received? an? .*expect|invalid passwd|invalid ip number|invalid version|interval mismatch|with (higher|lower) priority';

/** Prints `complaints` and the last few lines as base64. 10 ms where the journal is small. */
export const complaintScript: string = `printf 'complaints\\t%s\\n' "$(journalctl -q -u keepalived -o cat --since=-${seconds}s 2>/dev/null | grep -iE '${telling}' | tail -n 10 | base64 -w0)"`;

export function parseComplaints(base64 = ''): Pick<HostFacts, 'complaints'> {
  const lines = Buffer.from(base64, 'base64')
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
  return lines.length === 0 ? {} : { complaints: lines };
}
