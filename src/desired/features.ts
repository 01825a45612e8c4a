/**
 * What may be written into a keepalived.conf, by keepalived's version. Every line is the first tag of
 * keepalived's repository whose parser installs the keyword in that place.
 */

export interface KeepalivedFeatures {
  /** Files whose number changes the priority, the means of a drain. */
  readonly trackFile: boolean;
  /** The name of the block that declares one; the older name still works but is called deprecated. */
  readonly trackFileKeyword: 'track_file' | 'vrrp_track_file';
}

export function keepalivedFeatures(version: string): KeepalivedFeatures {
  return {
    trackFile: atLeast(version, '2.0.0'),
    trackFileKeyword: atLeast(version, '2.1.0') ? 'track_file' : 'vrrp_track_file',
  };
}

/** Compares dotted numbers; what follows the numbers (`2.2.7-1+b2`) is ignored. */
export function atLeast(version: string, floor: string): boolean {
  const have = numbers(version);
  const want = numbers(floor);
  for (let index = 0; index < Math.max(have.length, want.length); index += 1) {
    const difference = (have[index] ?? 0) - (want[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

const numbers = (version: string): readonly number[] =>
  (/^(?:\d+:)?v?(\d+(?:\.\d+)*)/.exec(version)?.[1] ?? '0').split('.').map(Number);
