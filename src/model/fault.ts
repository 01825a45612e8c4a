import type { Service } from './domain.ts';

/** What a drill does to a host, with its undo in ssh/actions.ts. */
export type Fault = { readonly kind: 'stop'; readonly service: Service } | { readonly kind: 'drain' };

/** A timer on the host that undoes the fault when nobody else does. */
export interface DeadMan {
  /** Name of the transient systemd timer. */
  readonly unit: string;
  readonly seconds: number;
}
