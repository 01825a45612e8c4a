/** Options that every command takes. */
export interface GlobalOptions {
  readonly json?: boolean;
  /** False: `--no-color`. */
  readonly color: 'auto' | 'always' | 'never' | false;
  readonly verbose?: boolean;
  readonly debug?: boolean;
  readonly limit?: string;
  readonly strictHostKey: 'accept-new' | 'yes';
  readonly connectTimeout: string;
  /** Seconds to wait for a lock. */
  readonly lockWait?: string;
  /** Seconds that open connections live on when a VIP moves. */
  readonly grace?: string;
}
