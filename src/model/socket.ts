import type { Service } from './domain.ts';

export interface Socket {
  /** `0.0.0.0`, `::`, `*` for both at once, or an address. */
  readonly address: string;
  readonly port: number;
}

/** A listening socket. */
export interface Listener extends Socket {
  /** Its name as the kernel knows it, and its process; empty and 0: no process could be seen. */
  readonly program: string;
  readonly pid: number;
  /** The service that it belongs to. */
  readonly service: Service | null;
}
