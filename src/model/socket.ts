import type { Service } from './domain.ts';

export interface Socket {
  /** `0.0.0.0`, `::`, `*` for both at once, or an address. */
  readonly address: string;
  readonly port: number;
}

/** A socket that somebody listens on. */
export interface Listener extends Socket {
  /** Its name as the kernel knows it, and its process; empty and 0: nobody who could be seen. */
  readonly program: string;
  readonly pid: number;
  /** The service that it belongs to. */
  readonly service: Service | null;
}
