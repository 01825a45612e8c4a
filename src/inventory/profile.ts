import { isMap } from './yaml-map.ts';
/** What a profile of `vrrp` changes of the defaults. */

/**
 * Adverts every 0.1 s find a host that is gone after 0.31 s. The first backup waits 6 ms more, the others in steps of 20 ms,
 * so that two of them never start at once. keepalived before 2.3.2 checks in whole seconds. `preempt_delay`: for ARP.
 */
const fast = {
  version: 3,
  advert_int: 0.1,
  priorities: [254, 240, 190, 140, 90],
  preempt_delay: 2,
  check: { interval: 1 },
};

/** `vrrp` as the file has it, with what its profile sets and the file does not. */
export function withProfile(value: unknown): unknown {
  const given = value ?? {};
  if (!isMap(given) || given['profile'] !== 'fast') return given;
  const check = given['check'] ?? {};
  return { ...fast, ...given, check: isMap(check) ? { ...fast.check, ...check } : check };
}
