import type { HostFacts } from '../model/facts.ts';

/**
 * keepalived 1.3 to 2.3 about an advert that it refuses, or that makes it move; one with an address is ordinary where
 * that is a member's.
 */
const complaint =
  /not present in|bogus VRRP|received? an? .*expect|invalid passwd|invalid ip number|invalid version|interval mismatch|with (higher|lower) priority/i;

/** The last few complaints in the journal of keepalived. */
export function parseComplaints(journal: readonly string[]): Pick<HostFacts, 'complaints'> {
  const lines = journal.filter((line) => complaint.test(line)).slice(-10);
  return lines.length === 0 ? {} : { complaints: lines };
}
