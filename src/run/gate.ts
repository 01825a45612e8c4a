import { hostScript } from '../base/host-script.ts';
import type { HostName, Inventory, NginxSoftware, Service, Vip, Vrrp } from '../model/domain.ts';
import { services } from '../model/domain.ts';
import { obstacles } from '../cluster/ability.ts';
import { HaupError } from '../model/errors.ts';
import { healthCheck } from '../model/layout.ts';
import type { Host, ReadScript } from '../model/host.ts';
import type { CheckName } from '../model/plan.ts';
import { probesOf } from '../nginx/probe.ts';
import { type VipQuestion, askArguments, type HostAnswers, readAnswers } from '../measure/ask-host.ts';
import { answerComplaints } from './answer-complaints.ts';

/** What a gate looks at, read from one host in one round trip. */
interface HostSight {
  readonly held: readonly string[];
  /** It has given them up and still serves connections to them: what it asks there, it answers itself. */
  readonly kept: readonly string[];
  readonly active: readonly Service[];
  readonly drained: boolean;
  /** Its health check finds nothing wrong, or there is none. */
  readonly healthy: boolean;
  /** What this host was answered, by its own nginx and at the VIPs. */
  readonly asked: HostAnswers;
}

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
  const script = gateScript(asked, inventory.nginx.healthPort);
  const deadline = options.now() + gateLimitMs(near, inventory.vrrp);
  // Whether daemons run their own host alone knows: another that was lost must not be waited for.
  const own = checks.every((check) => check === 'services' || check === 'healthy');
  for (;;) {
    const sights = new Map<HostName, HostSight>();
    await Promise.all(
      [...hosts].map(async ([name, host]) => {
        if (own && !members.includes(name)) return;
        if (near.some((vip) => vip.members.some((member) => member.host === name))) {
          sights.set(name, parseSight(await host.read(script, signal)));
        }
      }),
    );
    const wrong = [
      ...complaints(vips, members, checks, sights, options),
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
    if (options.now() > deadline) {
      throw new HaupError(
        'GATE_FAILED',
        `After the change ${wrong.length === 1 ? 'a check does' : `${wrong.length} checks do`} not hold.`,
        {
          hint: checks.includes('released')
            ? 'No other host has taken them: haup status shows which of them is there and well.'
            : 'haup status shows how every host is now; journalctl -u keepalived -u nginx on the host says why.',
          detail: wrong,
        },
      );
    }
    await options.sleep(pollMs, signal);
  }
}

function complaints(
  vips: readonly Vip[],
  members: readonly HostName[],
  checks: readonly CheckName[],
  sights: ReadonlyMap<HostName, HostSight>,
  { settling, strangers = [] }: Pick<GateOptions, 'settling' | 'strangers'>,
): readonly string[] {
  const wrong: string[] = [];
  if (checks.includes('services')) {
    for (const [name, sight] of sights) {
      // Somebody else's may run by units of other names.
      if (!members.includes(name) || strangers.includes(name)) continue;
      for (const service of services)
        if (!sight.active.includes(service)) wrong.push(`${name}: ${service} is not active`);
    }
  }
  if (checks.includes('healthy')) {
    for (const name of members)
      if (sights.get(name)?.healthy === false) wrong.push(`${name}: its health check fails (${healthCheck})`);
  }
  if (checks.includes('released')) {
    for (const [name, sight] of sights) {
      const held = vips.filter((vip) => members.includes(name) && sight.held.includes(vip.address.address));
      if (held.length > 0)
        wrong.push(`${name} still holds ${held.map((vip) => vip.address.address).join(' and ')}`);
    }
  }
  const served = checks.includes('released');
  for (const vip of vips) {
    const address = vip.address.address;
    const holders = [...sights].flatMap(([name, sight]) => (sight.held.includes(address) ? [name] : []));
    const [holder] = holders;
    // With --limit some members are not looked at; the holder may be one of those, and its answer shows it.
    const unseen = vip.members.flatMap(({ host }) => (sights.has(host) ? [] : [host]));
    const elsewhere = holders.length === 0 && unseen.length > 0;
    if (checks.includes('covered')) {
      const cover = holders.find((name) => !members.includes(name));
      if (cover === undefined && !elsewhere) wrong.push(`${address} is held by ${holder ?? 'no host'} alone`);
      else if (cover !== undefined && !strangers.includes(cover)) {
        const answers = sights.get(cover)?.asked.vips.filter((one) => one.address === address) ?? [];
        if (!answers.some(({ by }) => by === null || by === cover))
          wrong.push(`${cover} has ${address} too, and does not answer there yet`);
      }
      continue;
    }
    const strange = vip.members.filter(({ host }) => strangers.includes(host)).length;
    if (strange > 0) {
      // Of two configurations: members need not hear each other, and both may have it for a while.
      const both = strange < vip.members.length;
      if (holders.length === 0 ? !elsewhere : holders.length > 1 && !both)
        wrong.push(
          `${address} is held by ${holders.length === 0 ? 'no host' : `${holders.join(' and ')} at once`}`,
        );
      continue;
    }
    if ((served || checks.includes('one-holder')) && holders.length !== 1 && !elsewhere) {
      wrong.push(
        `${address} is held by ${holders.length === 0 ? 'no host' : `${holders.join(' and ')} at once`}`,
      );
    }
    if (checks.includes('overlapping') && holders.length < 2) {
      wrong.push(`${address} is held by ${holder ?? 'no host'} alone`);
    }
    const expected = vip.members.find(({ host }) => isAble(sights.get(host), host === holder))?.host;
    const settles = checks.includes('settled') && (settling?.includes(address) ?? true);
    if (settles && holders.length === 1 && expected !== undefined && holder !== expected) {
      wrong.push(`${address} is held by ${holder}; ${expected} comes before it and has not taken it back`);
    }
  }
  return wrong;
}

/** A holder whose check fails keeps its VIPs until keepalived has noticed too. */
const isAble = (sight: HostSight | undefined, holds: boolean): boolean =>
  sight !== undefined &&
  obstacles({
    down: new Map(services.filter((one) => !sight.active.includes(one)).map((one) => [one, 'not active'])),
    drained: sight.drained,
    fault: sight.healthy || holds ? null : 'its health check fails',
  }).length === 0;

const gateScript = (asked: readonly VipQuestion[], healthPort: number): ReadScript =>
  hostScript(['gate-sight', 'ask-nginx'], { services, ...askArguments(healthPort, asked) }) as ReadScript;

function parseSight(output: Uint8Array): HostSight {
  const records = Buffer.from(output)
    .toString('utf8')
    .split('\n')
    .map((line) => line.split('\t'));
  const of = (kind: string): readonly string[][] =>
    records.filter(([k]) => k === kind).map((record) => record.slice(1));
  return {
    held: of('held').map(([address = '']) => address),
    kept: of('kept').map(([address = '']) => address),
    active: services.filter((service) => of('active').some(([name]) => name === service)),
    drained: records.some(([kind]) => kind === 'drained'),
    healthy: !records.some(([kind]) => kind === 'unwell'),
    asked: readAnswers(records),
  };
}
