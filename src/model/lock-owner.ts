/** Who has a lock, in words for the operator who finds it taken. */
export interface LockOwner {
  /** `ana@workstation` */
  readonly who: string;
  /** ISO 8601, by the owner's clock. */
  readonly since: string;
  /** The command line. */
  readonly why: string;
}
