import type { HostName, Vip, Vrrp } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { DeadMan, Fault } from '../model/fault.ts';
import type { DrillReport } from '../model/report.ts';
import { type Bound, bound, type MoveCause } from '../measure/bounds.ts';
import { drillReport, refusedDrill } from './drill-report.ts';
import {
  actLimitMs,
  type DrillEnvironment,
  isSteady,
  patienceMs,
  type SteadyCheck,
  settleMs,
  watchMove,
} from '../move/watch-move.ts';
import type { Watch } from '../measure/address-watch.ts';

export type DrillName = 'stop' | 'drain';

/** A fault that is caused on purpose, and the two moves that it makes. */
interface Drill {
  readonly fault: Fault;
  readonly away: MoveCause;
  readonly back: MoveCause;
  readonly doing: (host: HostName) => string;
  readonly undoing: (host: HostName) => string;
}

const drills: Readonly<Record<DrillName, Drill>> = {
  stop: {
    fault: { kind: 'stop', service: 'keepalived' },
    away: 'stop',
    back: 'failback',
    doing: (host) => `stopping keepalived on ${host}`,
    undoing: (host) => `starting keepalived on ${host} again`,
  },
  drain: {
    fault: { kind: 'drain' },
    away: 'drain',
    back: 'failback',
    doing: (host) => `draining ${host}`,
    undoing: (host) => `ending the drain of ${host}`,
  },
};

export interface DrillCase {
  readonly drill: DrillName;
  readonly vip: Vip;
  readonly vrrp: Vrrp;
  /** Who should have the VIP now, and who takes over: with the priorities that they run with. */
  readonly from: Ranked;
  readonly to: Ranked;
  /** Other VIPs of these hosts: nothing is broken while one of them is not with one host alone. */
  readonly beside: readonly string[];
  /** Makes the name of the dead man's timer unique. */
  readonly tag: string;
}

export interface Ranked {
  readonly host: HostName;
  readonly priority: number;
}

/** How long everything has to be quiet before it is broken. */
const steadyMs = 300;

interface Bounds {
  readonly away: Bound;
  readonly back: Bound;
}

function boundsOf({ drill, vip, vrrp, from, to }: DrillCase): Bounds {
  const { away, back } = drills[drill];
  return {
    away: bound(away, { vip, vrrp, successor: to.host, priority: to.priority }),
    back: bound(back, { vip, vrrp, successor: from.host, priority: from.priority }),
  };
}

/** What a drill takes at the longest: waiting for quiet, the move, the way back, and an action before each. */
export function drillLimitMs(given: DrillCase): number {
  const { away, back } = boundsOf(given);
  return away.withinMs + 2 * back.withinMs + 3 * patienceMs + 2 * (settleMs + actLimitMs);
}

/** A connection that dies leaves the host broken no longer than this: more than the drill itself takes. */
const deadManSeconds = (away: Bound): number =>
  Math.ceil((away.withinMs + patienceMs + settleMs + 20_000) / 1000);

/**
 * One drill on one VIP: it has one holder, which answers; the holder is broken; the successor takes over;
 * the holder is mended and takes the VIP back. What was broken is mended whatever happens, also after the
 * signal; when the connection is gone, by a timer on the host. Rejects as the environment does, and with
 * DRILL_FAILED when the host could not be put back.
 */
export async function runDrill(
  given: DrillCase,
  environment: DrillEnvironment,
  signal: AbortSignal,
): Promise<DrillReport> {
  const { vip, from, to, beside } = given;
  const { fault, ...drill } = drills[given.drill];
  const address = vip.address.address;
  const { away, back } = boundsOf(given);
  const deadMan: DeadMan = {
    unit: `haup-${given.drill}-${vip.virtualRouterId}-${given.tag}`,
    seconds: deadManSeconds(away),
  };
  await using sampler = await environment.sample([address], drillLimitMs(given), signal);
  const quiet = { address, host: from.host, beside, steadyMs, limitMs: back.withinMs + patienceMs };
  const waiting = (): void =>
    environment.say(
      `${address}: waiting up to ${Math.round(quiet.limitMs / 1000)} s, since ${unquiet(environment.watch, quiet)}`,
    );
  if (!(await isSteady(environment, sampler, quiet, signal, waiting))) {
    await sampler.stop();
    const seen = { samples: sampler.of(address), intervalMs: sampler.intervalMs };
    return refusedDrill(given.drill, from.host, away, seen, unquiet(environment.watch, quiet));
  }
  const beganMs = environment.now() - steadyMs;

  let broken = false;
  const mend = async (): Promise<void> => {
    await environment.act(from.host, { do: 'restore', fault, deadMan });
    broken = false;
  };
  try {
    environment.say(`${address}: ${drill.doing(from.host)}`);
    const gone = await watchMove(
      environment,
      sampler,
      [{ address, to: to.host, bound: away }],
      async () => {
        broken = true;
        await environment.act(from.host, { do: 'break', fault, deadMan });
      },
      signal,
    );
    environment.say(`${address}: ${drill.undoing(from.host)}`);
    const home = await watchMove(
      environment,
      sampler,
      [{ address, to: from.host, bound: back }],
      mend,
      signal,
    );
    await sampler.stop();
    return drillReport({
      drill: given.drill,
      address,
      from: from.host,
      to: to.host,
      away,
      back,
      intervalMs: sampler.intervalMs,
      samples: sampler.of(address).filter(({ sentAt }) => sentAt >= beganMs),
      events: environment.watch.events(address),
      clockErrorMs: environment.watch.clockErrorMs(),
      beganMs,
      brokenMs: gone.window.fromMs,
      restoredMs: home.window.fromMs,
      endedMs: home.window.toMs,
      takenMs: gone.arrived.get(address) ?? null,
      returnedMs: home.arrived.get(address) ?? null,
    });
  } finally {
    if (broken) await mendAtLast(given, deadMan, environment, mend);
  }
}

/** The way out through an error or Ctrl-C. */
async function mendAtLast(
  given: DrillCase,
  deadMan: DeadMan,
  environment: DrillEnvironment,
  mend: () => Promise<void>,
): Promise<void> {
  const { host } = given.from;
  try {
    await mend();
    environment.say('put back as it was before the drill', host);
  } catch (cause) {
    throw new HaupError(
      'DRILL_FAILED',
      `The drill ${given.drill} was broken off, and the host could not be put back from here.`,
      {
        host,
        cause,
        hint: `The timer ${deadMan.unit} on the host does it, ${deadMan.seconds} s after the drill began; then haup status shows it.`,
        ...(cause instanceof Error ? { detail: [cause.message] } : {}),
      },
    );
  }
}

function unquiet(watch: Watch, { address, host, beside = [] }: SteadyCheck): string {
  for (const other of [address, ...beside]) {
    const having = watch.holders(other);
    const it = other === address ? 'the VIP' : other;
    if (having.length === 0) return `no host has ${it}${other === address ? `; ${host} should` : ''}`;
    if (having.length > 1) return `${having.join(' and ')} both have ${it}: split brain`;
    if (other === address && having[0] !== host) return `${having[0]} has the VIP, and ${host} should`;
  }
  return `${host} has the VIP, but does not answer there when asked from this machine`;
}
