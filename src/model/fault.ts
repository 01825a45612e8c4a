/** The faults that `haup verify` injects, each with what it does, in words. */
export const faults = {
  stop: 'keepalived is stopped',
  drain: 'the priority of the holder is lowered',
  nginx: 'nginx is killed',
  crash: 'every keepalived process is killed with -9',
  hang: 'nginx is frozen, master and workers',
} as const;

export type DrillName = keyof typeof faults;

export const drillNames = Object.keys(faults) as DrillName[];

export const isDrillName = (text: string | undefined): text is DrillName =>
  text !== undefined && Object.hasOwn(faults, text);

/** What a drill does to a host. ssh/drill-actions.ts says how it is done and undone. */
export interface Fault {
  readonly kind: DrillName;
}

/** A timer on the host that undoes the fault when haup does not. */
export interface DeadMan {
  /** Name of the transient systemd timer. */
  readonly unit: string;
  readonly seconds: number;
}
