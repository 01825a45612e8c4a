/** The core's only voice: what it says while it works. Reporters decide how it looks. */

import type { HostName } from './domain.ts';
import type { HaupError } from './errors.ts';
import type { Change, Finding } from './plan.ts';

export type RunEvent =
  | { readonly type: 'connecting' | 'connected'; readonly host: HostName }
  | { readonly type: 'changing'; readonly host: HostName; readonly change: Change }
  /** One action of a change begins; `note` names it (`configure`, `make`). */
  | { readonly type: 'step'; readonly host: HostName; readonly change: Change; readonly note: string }
  | { readonly type: 'changed'; readonly host: HostName; readonly change: Change; readonly ms: number }
  | { readonly type: 'failed'; readonly host?: HostName | undefined; readonly error: HaupError }
  | { readonly type: 'finding'; readonly finding: Finding }
  /** A line of a story: `drill stop keep_136: 192.168.160.161 → keep_137`. */
  | { readonly type: 'said'; readonly host?: HostName | undefined; readonly text: string };

export type Emit = (event: RunEvent) => void;

/** Shows the events of one run; `end` leaves the terminal as it was found, also after an error. */
export interface Reporter {
  readonly emit: Emit;
  end(): void;
}
