import { HaupError } from '../model/errors.ts';
import type { DeadMan } from '../model/fault.ts';
import type { DrillReport, GraceReport } from '../model/report.ts';
import type { Bound } from '../measure/bounds.ts';
import type { Watch } from '../measure/address-watch.ts';
import { besideBound } from './beside-vips.ts';
import type { DrillCase } from './drill-case.ts';
import type { ConnectionFates } from '../measure/hold-connections.ts';
import { drillGraces } from './drill-graces.ts';
import { refusedDrill } from './drill-report.ts';
import { type Drill, drills } from './drill-table.ts';
import { boundsOf, deadManSeconds, drillLimitMs, holdMs, timerLateMs } from './drill-times.ts';
import { observedReport } from './observed-report.ts';
import { waitForBoot, waitForServices } from './reboot.ts';
import { faultMoment } from './takeover.ts';
import {
  type DrillEnvironment,
  type ExpectedMove,
  isSteady,
  type ObservedMove,
  patienceMs,
  type SteadyCheck,
  settleMs,
  watchMove,
} from '../move/watch-move.ts';

/** How long everything has to be steady before anything is broken. */
const steadyMs = 300;

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
  const { fault, vip, from } = given;
  const beside = given.beside.map((other) => other.vip.address.address);
  const drill = drills[given.drill];
  const address = vip.address.address;
  const { away, back } = boundsOf(given);
  const deadMan: DeadMan = {
    unit: `haup-drill-${given.drill}-${vip.virtualRouterId}-${given.tag}`,
    seconds: deadManSeconds(given),
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
    return { address: other.vip.address.address, allowed: besideBound(other, held, drill.away, given.vrrp) };
  });

  let broken = false;
  let faultMs: number | null = null;
  let gone: ObservedMove | null = null;
  let endedFaultMs: number | null = null;
  let down: readonly string[] = [];
  let fates: ConnectionFates = new Map();
  const graces = drillGraces(given, environment);
  let kept: GraceReport | null = null;
  let keptBack: GraceReport | null = null;
  const restore = async (): Promise<void> => {
    if (drill.reboots === true) {
      down = await waitForServices(environment, from.host, signal);
      return;
    }
    await environment.act(from.host, { do: 'restore', fault, deadMan });
    broken = false;
  };
  /** `home`: the way back; null: it was not seen. */
  const reported = (seen: ObservedMove, home: ObservedMove | null): DrillReport =>
    observedReport(
      { given, environment, sampler, others },
      { beganMs, faultMs, gone: seen, endedFaultMs, home, down, fates, kept, keptBack },
    );
  const { reboots } = environment;
  try {
    const repeat = given.repeat === undefined ? '' : ` (${given.repeat})`;
    environment.say(`${address}: ${drill.breaking(from.host)}${repeat}`);
    if (drill.heals === true && given.hold !== undefined)
      environment.say(`${address}: the host ends this fault by itself, whatever --hold says`);
    if (drill.reboots === true) await reboots?.leave(from.host);
    await graces.away(away.withinMs);
    gone = await watchMove(
      environment,
      sampler,
      [expected(drill, given, away)],
      async () => {
        broken = true;
        const said = await environment.act(from.host, { do: 'break', fault, deadMan });
        // Then only its boot restores the host.
        if (drill.reboots === true) broken = false;
        const atMs = faultMoment(said);
        faultMs = atMs === null ? null : environment.watch.localMs(from.host, atMs);
      },
      signal,
      drill.heals === true ? 0 : settleMs,
      () => void connections.ask(),
    );
    // Also where the VIP never arrived.
    const asked = connections.ask();
    if (given.grace !== undefined) {
      // First: the hosts' count is then of real clients.
      fates = await asked;
      kept = await graces.end(signal);
    }
    const lastsMs = drill.cutsOff === true ? 1000 * deadMan.seconds + timerLateMs : holdMs(given);
    await environment.sleep(Math.max(0, gone.window.fromMs + lastsMs - environment.now()), signal);
    if (drill.reboots === true && reboots !== undefined)
      await waitForBoot(environment, reboots, from.host, signal);
    environment.say(`${address}: ${drill.restoring(from.host)}`);
    await graces.back(back.withinMs);
    endedFaultMs = environment.now();
    const home = await watchMove(
      environment,
      sampler,
      [{ address, to: from.host, bound: back }],
      restore,
      signal,
    );
    await sampler.stop();
    fates = await asked;
    await connections.forget();
    keptBack = await graces.end(signal);
    return reported(gone, home);
  } catch (cause) {
    if (gone === null) await graces.abandon();
    const error = broken ? await restoreAtLast(given, deadMan, environment, restore, cause) : cause;
    if (gone === null) throw error;
    throw new CutShort(cutShort(reported(gone, null), error), error);
  }
}

/** The way back was not seen, and that is all that is said of it. */
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

/** The way out through an error or Ctrl-C: resolves to what to tell. */
async function restoreAtLast(
  given: DrillCase,
  deadMan: DeadMan,
  environment: DrillEnvironment,
  restore: () => Promise<void>,
  error: unknown,
): Promise<unknown> {
  const { host } = given.from;
  try {
    await restore();
    environment.say('restored after the drill', host);
    return error;
  } catch (cause) {
    return new HaupError(
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
