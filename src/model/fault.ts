/** The faults that `haup verify` injects, each with what it does, in words. */
export const faults = {
  stop: 'keepalived is stopped',
  drain: 'the priority of the holder is lowered',
  nginx: 'nginx is killed',
  crash: 'every keepalived process is killed with -9',
  hang: 'nginx is frozen, master and workers',
  link: 'the interface of the VIP is taken down, until a timer on the host takes it up',
  'vrrp-block': 'the firewall drops adverts, both ways: a split brain',
  'vrrp-block-out': 'the firewall drops the adverts that the holder sends: a split brain',
  'vrrp-block-in': 'the firewall drops the adverts that the holder would hear',
  reboot: 'the holder reboots',
} as const;

export type DrillName = keyof typeof faults;

export const drillNames = Object.keys(faults) as DrillName[];

export const isDrillName = (text: string | undefined): text is DrillName =>
  text !== undefined && Object.hasOwn(faults, text);

/** What a drill does to a host. ssh/drill-actions.ts says how it is done and undone. */
export type Fault =
  | { readonly kind: Exclude<DrillName, 'link'> }
  | { readonly kind: 'link'; readonly interface: string };

/** A timer on the host that undoes the fault when haup does not. */
export interface DeadMan {
  /** Name of the transient systemd timer. */
  readonly unit: string;
  readonly seconds: number;
}
