import type { Views } from '../cluster/ability.ts';
import type { Inventory } from '../model/domain.ts';
import type { VerifyReport } from '../model/report.ts';

/** What haup verify is to leave on the operator's machine. */
export interface OutputOptions {
  /** File for the HTML report. */
  readonly report?: string;
  /** File for JUnit's XML. */
  readonly junit?: string;
  /** Compare with earlier runs. */
  readonly compare?: boolean;
}

/** A run of haup verify, and how it was asked for. */
export interface VerifiedRun {
  readonly inventory: Inventory;
  readonly views: Views;
  readonly report: VerifyReport;
  readonly options: OutputOptions & VerifyFlags;
}

/** What of the command line chooses what is drilled. */
interface VerifyFlags {
  readonly vip?: string;
  readonly drill?: readonly string[];
  readonly count?: string;
  readonly hold?: string;
  readonly limit?: string;
}
