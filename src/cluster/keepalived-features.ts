/**
 * What may be written into a keepalived.conf, by keepalived's version. Every line is the first tag of
 * keepalived's repository whose parser installs the keyword in that place.
 */

import { atLeast } from '../base/version.ts';

export interface KeepalivedFeatures {
  /** Files whose number changes the priority, the means of a drain. */
  readonly trackFile: boolean;
  /** The name of the block that declares one; the older name still works but is called deprecated. */
  readonly trackFileKeyword: 'track_file' | 'vrrp_track_file';
  /** A priority of its own for the VRRP process, and a limit for the time that it runs without a pause. */
  readonly realTime: boolean;
  readonly realTimeLimit: boolean;
}

export function keepalivedFeatures(version: string): KeepalivedFeatures {
  return {
    trackFile: atLeast(version, '2.0.0'),
    trackFileKeyword: atLeast(version, '2.1.0') ? 'track_file' : 'vrrp_track_file',
    realTime: atLeast(version, '2.0.0'),
    realTimeLimit: atLeast(version, '2.1.0'),
  };
}
