import type { HostName } from './domain.ts';

export type Exit = 'ok' | 'failed' | 'usage' | 'findings' | 'unreachable' | 'locked' | 'interrupted';

export const exitCodes: Readonly<Record<Exit, number>> = {
  ok: 0,
  /** Something failed on a host. */
  failed: 1,
  /** Wrong usage or inventory, or a question that cannot be asked (no terminal, no --yes); nothing was changed. */
  usage: 2,
  /** Findings, or changes pending. */
  findings: 3,
  /** Unreachable, refused login or host key; nothing was changed. */
  unreachable: 4,
  locked: 5,
  interrupted: 130,
};

export type ErrorCode =
  | 'USAGE'
  | 'CONFIRMATION_NEEDED'
  | 'INVENTORY_MISSING'
  | 'INVENTORY_INVALID'
  | 'SECRET_MISSING'
  | 'UNTRUSTED_FILE'
  | 'HOST_UNKNOWN'
  | 'LAB_UNSUPPORTED'
  | 'LAB_FAILED'
  | 'LAB_DOWN'
  | 'HOST_UNREACHABLE'
  | 'AUTH_REFUSED'
  | 'HOST_KEY_UNKNOWN'
  | 'HOST_KEY_CHANGED'
  | 'SSH_UNSUPPORTED'
  | 'SUDO_REFUSED'
  | 'CONNECTION_LOST'
  | 'COMMAND_TIMED_OUT'
  | 'COMMAND_FAILED'
  | 'FACTS_UNREADABLE'
  | 'INTERFACE_MISSING'
  | 'ADDRESS_IN_USE'
  | 'HOST_UNSUPPORTED'
  | 'BUILD_IMPOSSIBLE'
  | 'PORT_TAKEN'
  | 'DOWNGRADE_REFUSED'
  | 'TAKE_OVER_NEEDED'
  | 'DOWNLOAD_FAILED'
  | 'CHECKSUM_MISMATCH'
  | 'PACKAGES_FAILED'
  | 'CONFIGURE_FAILED'
  | 'MAKE_FAILED'
  | 'INSTALL_FAILED'
  | 'CONFIG_TEST_FAILED'
  | 'DISK_FULL'
  | 'SERVICE_FAILED'
  | 'PLAN_STALE'
  | 'GATE_FAILED'
  | 'HOOK_FAILED'
  | 'FAILOVER_REFUSED'
  | 'DRILL_FAILED'
  | 'LOCKED'
  | 'INTERRUPTED';

export interface ErrorDetails {
  readonly host?: HostName | undefined;
  /** What to do next, one sentence or command. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  /** Lines that help and that need no interpretation: the end of a log, a frame of the inventory. */
  readonly detail?: readonly string[] | undefined;
}

/**
 * The one base of every error that a person should read. `code` is stable and documented;
 * the message says what happened, `host` where, `hint` what to do next.
 */
export class HaupError extends Error {
  override readonly name: string = 'HaupError';
  readonly code: ErrorCode;
  readonly exit: Exit;
  readonly host: HostName | undefined;
  readonly hint: string | undefined;
  readonly detail: readonly string[];

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.exit = exitOf[code];
    this.host = details.host;
    this.hint = details.hint;
    this.detail = details.detail ?? [];
  }
}

/** Each code with its exit category: the table of the README. */
const exitOf: Readonly<Record<ErrorCode, Exit>> = {
  USAGE: 'usage',
  CONFIRMATION_NEEDED: 'usage',
  INVENTORY_MISSING: 'usage',
  INVENTORY_INVALID: 'usage',
  SECRET_MISSING: 'usage',
  UNTRUSTED_FILE: 'usage',
  HOST_UNKNOWN: 'usage',
  LAB_UNSUPPORTED: 'usage',
  LAB_FAILED: 'failed',
  LAB_DOWN: 'usage',
  HOST_UNREACHABLE: 'unreachable',
  AUTH_REFUSED: 'unreachable',
  HOST_KEY_UNKNOWN: 'unreachable',
  HOST_KEY_CHANGED: 'unreachable',
  SSH_UNSUPPORTED: 'unreachable',
  SUDO_REFUSED: 'unreachable',
  CONNECTION_LOST: 'failed',
  COMMAND_TIMED_OUT: 'failed',
  COMMAND_FAILED: 'failed',
  FACTS_UNREADABLE: 'failed',
  INTERFACE_MISSING: 'failed',
  ADDRESS_IN_USE: 'failed',
  HOST_UNSUPPORTED: 'failed',
  BUILD_IMPOSSIBLE: 'failed',
  PORT_TAKEN: 'failed',
  DOWNGRADE_REFUSED: 'failed',
  TAKE_OVER_NEEDED: 'usage',
  DOWNLOAD_FAILED: 'failed',
  CHECKSUM_MISMATCH: 'failed',
  PACKAGES_FAILED: 'failed',
  CONFIGURE_FAILED: 'failed',
  MAKE_FAILED: 'failed',
  INSTALL_FAILED: 'failed',
  CONFIG_TEST_FAILED: 'failed',
  DISK_FULL: 'failed',
  SERVICE_FAILED: 'failed',
  PLAN_STALE: 'failed',
  GATE_FAILED: 'failed',
  HOOK_FAILED: 'failed',
  FAILOVER_REFUSED: 'failed',
  DRILL_FAILED: 'failed',
  LOCKED: 'locked',
  INTERRUPTED: 'interrupted',
};

/** Several hosts failed: each error is kept and shown under its host. */
export class SeveralErrors extends HaupError {
  override readonly name: string = 'SeveralErrors';
  readonly errors: readonly HaupError[];

  constructor(errors: readonly [HaupError, ...HaupError[]]) {
    super(errors[0].code, `${errors.length} hosts failed`, { cause: errors[0] });
    this.errors = errors;
  }
}
