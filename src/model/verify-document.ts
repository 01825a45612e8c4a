/** What the HTML report of a verify run is made of: plain data, secrets masked. */

import type { HostName } from './domain.ts';
import type { VerifyReport } from './report.ts';

export interface VerifyDocument {
  readonly report: VerifyReport;
  /** ISO 8601, by the operator's clock. */
  readonly startedAt: string;
  readonly operator: string;
  readonly inventory: string;
  /** `haup 0.1.0`, `node v20.19.0`, in this order. */
  readonly tools: readonly string[];
  readonly hosts: readonly DocumentHost[];
  readonly vips: readonly DocumentVip[];
  readonly configurations: readonly ShownFile[];
  /** The command line that does all of it again. */
  readonly command: string;
}

export interface DocumentHost {
  readonly name: HostName;
  readonly address: string;
  /** Null: not known. */
  readonly system: string | null;
  readonly arch: string | null;
  readonly keepalived: string | null;
  readonly nginx: string | null;
}

export interface DocumentVip {
  readonly address: string;
  readonly virtualRouterId: number;
  /** Seconds between adverts. */
  readonly advertInt: number;
  /** In order of preference. */
  readonly members: readonly { readonly host: HostName; readonly priority: number }[];
}

/** A configuration file as it may be shown. */
export interface ShownFile {
  readonly host: HostName;
  readonly path: string;
  readonly text: string;
}
