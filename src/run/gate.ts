import type { HostName, Inventory, NginxSoftware, Vip, Vrrp } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { Host } from '../model/host.ts';
import type { CheckName } from '../model/plan.ts';
import { probesOf } from '../nginx/probe.ts';
import { answerComplaints } from './answer-complaints.ts';
import { holdingComplaints } from './holding-complaints.ts';
import { type HostSight, parseSight, sightScript } from './host-sight.ts';

export interface GateOptions {
  /** The VIPs that it is about, and those whose members must all be done; absent: all. */
  readonly addresses?: readonly string[] | undefined;
  readonly settling?: readonly string[] | undefined;
  /** What nginx served on the hosts before: one that is not changed yet answers as it did. */
  readonly before?: readonly Pick<NginxSoftware, 'sites'>[];
  /** Hosts whose daemons are not haup's at that time. */
  readonly strangers?: readonly HostName[] | undefined;
  /** Members of which nginx is still to be changed. */
  readonly pending?: readonly HostName[] | undefined;
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

const pollMs = 150;
/** Beyond what VRRP's timers take: a health check that has to succeed first, a slow start. */
const patienceMs = 15_000;

/** How long a gate waits at most. */
export const gateLimitMs = (vips: readonly Vip[], { preemptDelay }: Pick<Vrrp, 'preemptDelay'>): number =>
  (Math.max(0, ...vips.map((vip) => 4 * vip.advertInt)) + preemptDelay) * 1000 + patienceMs;

/**
 * Waits until the checks hold for every VIP that has one of `members`: both daemons active on the
 * members and their health checks well, each VIP held by exactly one kernel, and answered there by that
 * very host. The hosts ask themselves, so that it does not matter whether the operator's machine reaches the VIP.
 * Rejects with GATE_FAILED, naming what does not hold, when VRRP's own time and some patience are over.
 */
export async function gate(
  inventory: Inventory,
  hosts: ReadonlyMap<HostName, Host>,
  checks: readonly CheckName[],
  members: readonly HostName[],
  options: GateOptions,
  signal: AbortSignal,
): Promise<void> {
  const near = inventory.vips.filter((vip) => vip.members.some(({ host }) => members.includes(host)));
  const { addresses } = options;
  const vips = near.filter(({ address }) => addresses === undefined || addresses.includes(address.address));
  const asked = vips.map(({ address: { address }, members: able }) => ({
    address,
    hosts: able.map(({ host }) => host),
    probes: probesOf([inventory.nginx, ...(options.before ?? [])], address),
  }));
  /** Daemons that are not haup's have no answer of haup's. */
  const answering = asked.filter(({ hosts: of }) => !of.some((name) => options.strangers?.includes(name)));
  const script = sightScript(asked, inventory.nginx.healthPort);
  const deadline = options.now() + gateLimitMs(near, inventory.vrrp);
  const concerned = [...hosts].filter(
    ([name]) =>
      looked(name, members, checks) && near.some((vip) => vip.members.some(({ host }) => host === name)),
  );
  for (;;) {
    const sights = new Map<HostName, HostSight>();
    await Promise.all(
      concerned.map(async ([name, host]) => sights.set(name, parseSight(await host.read(script, signal)))),
    );
    const wrong = [
      ...holdingComplaints({ ...options, vips, members, checks }, sights),
      ...(checks.includes('http') || checks.includes('released')
        ? answerComplaints(
            answering,
            members,
            checks,
            sights,
            options.pending ?? [],
            inventory.nginx.healthPort,
          )
        : []),
    ];
    if (wrong.length === 0) return;
    if (options.now() > deadline) throw gateFailure(wrong, checks);
    await options.sleep(pollMs, signal);
  }
}

/** Whether daemons run their own host alone knows: another that was lost must not be waited for. */
const looked = (name: HostName, members: readonly HostName[], checks: readonly CheckName[]): boolean =>
  members.includes(name) || !checks.every((check) => check === 'services' || check === 'healthy');

const gateFailure = (wrong: readonly string[], checks: readonly CheckName[]): HaupError =>
  new HaupError(
    'GATE_FAILED',
    `After the change ${wrong.length === 1 ? 'a check fails' : `${wrong.length} checks fail`}.`,
    {
      hint: checks.includes('released')
        ? 'No other host has taken them: haup status shows which of them is there and well.'
        : 'haup status shows how every host is now; journalctl -u keepalived -u nginx on the host says why.',
      detail: wrong,
    },
  );
