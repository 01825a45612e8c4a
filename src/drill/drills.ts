import type { HostName, Vip, Vrrp } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { DeadMan, DrillName, Fault } from '../model/fault.ts';
import type { DrillReport } from '../model/report.ts';
import { type Bound, bound } from '../measure/bounds.ts';
import { connectionFigures } from '../measure/connection-fates.ts';
import { drillReport, refusedDrill } from './drill-report.ts';
import { besideBound, type BesideVip, judgeBeside } from './beside-vips.ts';
import { type Drill, drills } from './drill-table.ts';
import {
  actLimitMs,
  type DrillEnvironment,
  type ExpectedMove,
  isSteady,
  patienceMs,
  type SteadyCheck,
  settleMs,
  watchMove,
} from '../move/watch-move.ts';
import type { Watch } from '../measure/address-watch.ts';

export interface DrillCase {
  readonly drill: DrillName;
  /** What is done to `from`. */
  readonly fault: Fault;
  readonly vip: Vip;
  readonly vrrp: Vrrp;
  /** Who should hold the VIP now, and who takes over. */
  readonly from: RankedHost;
  readonly to: RankedHost;
  /** Other VIPs of these hosts: nothing is broken unless each has exactly one holder. */
  readonly beside: readonly BesideVip[];
  /** Makes the name of the timer on the host unique. */
  readonly tag: string;
}

/** A host and the priority that it runs with. */
export interface RankedHost {
  readonly host: HostName;
  readonly priority: number;
}

/** How long everything has to be steady before anything is broken. */
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

/** The longest that a drill takes: the wait until all is steady, the move, the way back, an action before each. */
export function drillLimitMs(given: DrillCase): number {
  const { away, back } = boundsOf(given);
  const drill = drills[given.drill];
  const cutMs = drill.cutsOff === true ? 1000 * deadManSeconds(drill, away) + timerLateMs : 0;
  return away.withinMs + 2 * back.withinMs + 3 * patienceMs + 2 * (settleMs + actLimitMs) + cutMs;
}

/** When the timer on the host restores it: later than the drill itself would, if that can. */
const deadManSeconds = ({ cutsOff }: Drill, away: Bound): number =>
  Math.ceil((away.withinMs + settleMs + (cutsOff === true ? 3_000 : patienceMs + 20_000)) / 1000);

/**
 * One drill on one VIP: break the holder, watch the successor take over, restore the holder, watch it take the VIP
 * back. The host is restored whatever happens, also after the signal; when the connection is gone, by a timer on the
 * host. Rejects as the environment does, and with DRILL_FAILED when the host could not be restored.
 */
export async function runDrill(
  given: DrillCase,
  environment: DrillEnvironment,
  signal: AbortSignal,
): Promise<DrillReport> {
  const { fault, vip, from, to } = given;
  const beside = given.beside.map((other) => other.vip.address.address);
  const drill = drills[given.drill];
  const address = vip.address.address;
  const { away, back } = boundsOf(given);
  const deadMan: DeadMan = {
    unit: `haup-drill-${given.drill}-${vip.virtualRouterId}-${given.tag}`,
    seconds: deadManSeconds(drill, away),
  };
  await using sampler = await environment.sample([address, ...beside], drillLimitMs(given), signal);
  const check = { address, host: from.host, beside, steadyMs, limitMs: back.withinMs + patienceMs };
  const waiting = (): void =>
    environment.say(
      `${address}: waiting up to ${Math.round(check.limitMs / 1000)} s, since ${unsteady(environment.watch, check)}`,
    );
  if (!(await isSteady(environment, sampler, check, signal, waiting))) {
    await sampler.stop();
    const seen = { samples: sampler.of(address), intervalMs: sampler.intervalMs };
    return refusedDrill(given.drill, from.host, away, seen, unsteady(environment.watch, check));
  }
  await using connections = await environment.connect([address], signal);
  const beganMs = environment.now() - steadyMs;

  const others = given.beside.map((other) => {
    const held = environment.watch.holders(other.vip.address.address).includes(from.host);
    return { other: other.vip.address.address, allowed: besideBound(other, held, drill.away, given.vrrp) };
  });

  let broken = false;
  const restore = async (): Promise<void> => {
    await environment.act(from.host, { do: 'restore', fault, deadMan });
    broken = false;
  };
  try {
    environment.say(`${address}: ${drill.breaking(from.host)}`);
    const gone = await watchMove(
      environment,
      sampler,
      [expected(drill, given, away)],
      async () => {
        broken = true;
        await environment.act(from.host, { do: 'break', fault, deadMan });
      },
      signal,
      drill.heals === true ? 0 : settleMs,
      () => void connections.ask(),
    );
    // Also where the VIP never arrived.
    const asked = connections.ask();
    if (drill.cutsOff === true) {
      const dueMs = gone.window.fromMs + 1000 * deadMan.seconds + timerLateMs;
      await environment.sleep(Math.max(0, dueMs - environment.now()), signal);
    }
    environment.say(`${address}: ${drill.restoring(from.host)}`);
    const home = await watchMove(
      environment,
      sampler,
      [{ address, to: from.host, bound: back }],
      restore,
      signal,
    );
    await sampler.stop();
    const window = { fromMs: gone.window.fromMs, toMs: home.window.toMs };
    const judged = others.map(({ other, allowed }) =>
      judgeBeside(other, allowed, {
        samples: sampler.of(other).filter(({ sentAt }) => sentAt >= beganMs),
        intervalMs: sampler.intervalMs,
        events: environment.watch.events(other),
        clockErrorMs: environment.watch.clockErrorMs(),
        window,
      }),
    );
    const fates = await asked;
    return drillReport({
      beside: judged.map(({ report }) => report),
      besideReasons: judged.flatMap(({ reasons }) => reasons),
      drill: given.drill,
      address,
      from: from.host,
      to: drill.ends === 'kept' ? from.host : to.host,
      away,
      back,
      intervalMs: sampler.intervalMs,
      startMs: sampler.startMs,
      samples: sampler.of(address).filter(({ sentAt }) => sentAt >= beganMs),
      events: environment.watch.events(address),
      clockErrorMs: environment.watch.clockErrorMs(),
      beganMs,
      brokenMs: gone.window.fromMs,
      restoredMs: home.window.fromMs,
      endedMs: home.window.toMs,
      takenMs: gone.arrived.get(address) ?? null,
      returnedMs: home.arrived.get(address) ?? null,
      connections: connectionFigures(fates.get(address) ?? [], gone.window.fromMs),
    });
  } finally {
    if (broken) await restoreAtLast(given, deadMan, environment, restore);
  }
}

/** systemd may run a timer of AccuracySec=1s this much later. */
const timerLateMs = 1_000;

function expected({ ends, cutsOff }: Drill, { vip, from, to }: DrillCase, away: Bound): ExpectedMove {
  const move = { address: vip.address.address, to: to.host, bound: away };
  if (ends === 'kept') return { ...move, to: from.host, leastMs: away.withinMs };
  if (ends === 'split') return { ...move, beside: from.host };
  return cutsOff === true ? { ...move, unheard: from.host } : move;
}

/** The way out through an error or Ctrl-C. */
async function restoreAtLast(
  given: DrillCase,
  deadMan: DeadMan,
  environment: DrillEnvironment,
  restore: () => Promise<void>,
): Promise<void> {
  const { host } = given.from;
  try {
    await restore();
    environment.say('restored after the drill', host);
  } catch (cause) {
    throw new HaupError(
      'DRILL_FAILED',
      `The drill ${given.drill} was interrupted, and the host could not be restored from here.`,
      {
        host,
        cause,
        hint: `The timer ${deadMan.unit} on the host restores it ${deadMan.seconds} s after the drill began; haup status then shows it.`,
        ...(cause instanceof Error ? { detail: [cause.message] } : {}),
      },
    );
  }
}

function unsteady(watch: Watch, { address, host, beside = [] }: SteadyCheck): string {
  for (const other of [address, ...beside]) {
    const now = watch.holders(other);
    const it = other === address ? 'the VIP' : other;
    if (now.length === 0) return `no host holds ${it}${other === address ? `; ${host} should` : ''}`;
    if (now.length > 1) return `${now.join(' and ')} both hold ${it}: split brain`;
    if (other === address && now[0] !== host) return `${now[0]} holds the VIP, and ${host} should`;
  }
  return `${host} holds the VIP, but does not answer there when asked from this machine`;
}
