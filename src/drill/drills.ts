import type { DrillReport } from '../model/report.ts';
import type { Bound } from '../measure/bounds.ts';
import type { OpenConnections } from '../measure/connection-clients.ts';
import {
  type DrillEnvironment,
  type ExpectedMove,
  type ObservedMove,
  settleMs,
  watchMove,
} from '../move/watch-move.ts';
import { besideBound } from './beside-vips.ts';
import type { DrillCase } from './drill-case.ts';
import { type DrillGraces, drillGraces } from './drill-graces.ts';
import { refusedDrill } from './drill-report.ts';
import { type Drill, drills } from './drill-table.ts';
import { boundsOf, drillLimitMs, faultLastsMs } from './drill-times.ts';
import { type HostFault, hostFault } from './host-fault.ts';
import { type DrillMoments, type DrillWorld, observedReport } from './observed-report.ts';
import { waitForBoot } from './reboot.ts';
import { steadyMs, unsteadyStart } from './steady-start.ts';

/** A drill that was broken off after the VIP had moved: what it had measured by then, and why it ended. */
export class CutShort extends Error {
  readonly report: DrillReport;

  constructor(report: DrillReport, cause: unknown) {
    super('The drill was cut short.', { cause });
    this.report = report;
  }
}

/**
 * One drill on one VIP: break the holder, watch the successor take over, restore the holder, watch it take the VIP
 * back. The host is restored whatever happens, also after the signal; when the connection is gone, by a timer on the
 * host. Rejects as the environment does, with DRILL_FAILED when the host could not be restored; once the VIP has moved,
 * that is the cause of a CutShort.
 */
export async function runDrill(
  given: DrillCase,
  environment: DrillEnvironment,
  signal: AbortSignal,
): Promise<DrillReport> {
  const { address } = given.vip.address;
  const addresses = [address, ...given.beside.map(({ vip }) => vip.address.address)];
  await using sampler = await environment.sample(addresses, drillLimitMs(given), signal);
  const obstacle = await unsteadyStart(given, environment, sampler, signal);
  if (obstacle !== null) {
    await sampler.stop();
    const samples = { samples: sampler.of(address), intervalMs: sampler.intervalMs };
    return refusedDrill(given.drill, given.from.host, boundsOf(given).away, samples, obstacle);
  }
  await using connections = await environment.connect([address], signal);
  const seen = nothingSeen(environment.now() - steadyMs);
  const fault = hostFault(given, environment, signal);
  const graces = drillGraces(given, environment, signal);
  const course = { given, environment, sampler, others: othersOf(given, environment), fault, graces, signal };
  try {
    const gone = await breakHolder(course, seen, connections);
    // Also where the VIP never arrived.
    const asked = connections.ask();
    if (given.grace !== undefined) {
      // First: the hosts' count is then of real clients.
      seen.fates = await asked;
      seen.kept = await graces.end();
    }
    await faultLasts(course, gone);
    const home = await restoreHolder(course, seen);
    await sampler.stop();
    seen.fates = await asked;
    await connections.forget();
    seen.keptBack = await graces.end();
    return observedReport(course, { ...seen, gone, home });
  } catch (cause) {
    const error = await fault.endAfter(cause);
    const { gone } = seen;
    if (gone === null) {
      await graces.abandon();
      throw error;
    }
    throw new CutShort(cutShort(observedReport(course, { ...seen, gone, home: null }), error), error);
  }
}

interface Course extends DrillWorld {
  readonly environment: DrillEnvironment;
  readonly fault: HostFault;
  readonly graces: DrillGraces;
  readonly signal: AbortSignal;
}

/** Filled in as the drill goes on, so that an error leaves what was seen before it. */
type Seen = { -readonly [Moment in keyof Omit<DrillMoments, 'gone' | 'home'>]: DrillMoments[Moment] } & {
  gone: ObservedMove | null;
};

const nothingSeen = (beganMs: number): Seen => ({
  beganMs,
  faultMs: null,
  gone: null,
  endedFaultMs: null,
  down: [],
  fates: new Map(),
  kept: null,
  keptBack: null,
});

function othersOf(
  { beside, drill, from, vrrp }: DrillCase,
  { watch }: DrillEnvironment,
): DrillWorld['others'] {
  return beside.map((other) => {
    const { address } = other.vip.address;
    const held = watch.holders(address).includes(from.host);
    return { address, allowed: besideBound(other, held, drills[drill].away, vrrp) };
  });
}

async function breakHolder(
  { given, environment, sampler, fault, graces, signal }: Course,
  seen: Seen,
  connections: OpenConnections,
): Promise<ObservedMove> {
  const { address } = given.vip.address;
  const { host } = given.from;
  const drill = drills[given.drill];
  const repeat = given.repeat === undefined ? '' : ` (${given.repeat})`;
  environment.say(`${address}: ${drill.breaking(host)}${repeat}`);
  if (drill.heals === true && given.hold !== undefined)
    environment.say(`${address}: the host ends this fault itself; --hold has no effect on it`);
  if (drill.reboots === true) await environment.reboots?.leave(host);
  const { away } = boundsOf(given);
  await graces.away(away.withinMs);
  seen.gone = await watchMove(
    environment,
    sampler,
    [expected(drill, given, away)],
    async () => {
      seen.faultMs = await fault.inject();
    },
    signal,
    drill.heals === true ? 0 : settleMs,
    () => void connections.ask(),
  );
  return seen.gone;
}

async function faultLasts({ given, environment, signal }: Course, gone: ObservedMove): Promise<void> {
  const untilMs = gone.window.fromMs + faultLastsMs(given);
  await environment.sleep(Math.max(0, untilMs - environment.now()), signal);
  const { reboots } = environment;
  if (drills[given.drill].reboots === true && reboots !== undefined)
    await waitForBoot(environment, reboots, given.from.host, signal);
}

async function restoreHolder(
  { given, environment, sampler, fault, graces, signal }: Course,
  seen: Seen,
): Promise<ObservedMove> {
  const { address } = given.vip.address;
  const { host } = given.from;
  environment.say(`${address}: ${drills[given.drill].restoring(host)}`);
  const { back } = boundsOf(given);
  await graces.back(back.withinMs);
  seen.endedFaultMs = environment.now();
  return await watchMove(
    environment,
    sampler,
    [{ address, to: host, bound: back }],
    async () => {
      seen.down = await fault.end();
    },
    signal,
  );
}

/** The way back was not seen. */
function cutShort(report: DrillReport, cause: unknown): DrillReport {
  const why = cause instanceof Error ? cause.message : String(cause);
  const seen = report.reasons.filter((reason) => !reason.startsWith('failback: '));
  return { ...report, ok: false, failback: null, reasons: [...seen, `failback: not measured: ${why}`] };
}

function expected(
  { ends, cutsOff, reboots }: Drill,
  { vip, from, to }: DrillCase,
  away: Bound,
): ExpectedMove {
  const move = { address: vip.address.address, to: to.host, bound: away };
  if (ends === 'kept') return { ...move, to: from.host, leastMs: away.withinMs };
  if (ends === 'split') return { ...move, beside: from.host };
  return cutsOff === true || reboots === true ? { ...move, unheard: from.host } : move;
}
