import { HaupError } from '../model/errors.ts';
import type { DeadMan } from '../model/fault.ts';
import type { DrillEnvironment } from '../move/watch-move.ts';
import type { DrillCase } from './drill-case.ts';
import { drills } from './drill-table.ts';
import { deadManSeconds } from './drill-times.ts';
import { waitForServices } from './reboot.ts';
import { faultMoment } from './takeover.ts';

/** The fault of one drill on its host, behind a dead-man timer. */
export interface HostFault {
  /** Resolves to when the fault came, on the operator's clock; null: the host did not say. */
  readonly inject: () => Promise<number | null>;
  /** Resolves to what does not run again, in words. */
  readonly end: () => Promise<readonly string[]>;
  /** Restores the host if it is still broken, after an error or Ctrl-C. Resolves to the error to report. */
  readonly endAfter: (error: unknown) => Promise<unknown>;
}

export function hostFault(given: DrillCase, environment: DrillEnvironment, signal: AbortSignal): HostFault {
  const { fault, vip } = given;
  const { host } = given.from;
  const reboots = drills[given.drill].reboots === true;
  const deadMan: DeadMan = {
    unit: `haup-drill-${given.drill}-${vip.virtualRouterId}-${given.tag}`,
    seconds: deadManSeconds(given),
  };
  let broken = false;

  const end = async (): Promise<readonly string[]> => {
    if (reboots) return await waitForServices(environment, host, signal);
    await environment.act(host, { do: 'restore', fault, deadMan });
    broken = false;
    return [];
  };
  return {
    end,
    inject: async () => {
      broken = true;
      const said = await environment.act(host, { do: 'break', fault, deadMan });
      // Then only its boot restores the host.
      if (reboots) broken = false;
      const atMs = faultMoment(said);
      return atMs === null ? null : environment.watch.localMs(host, atMs);
    },
    endAfter: async (error) => {
      if (!broken) return error;
      try {
        await end();
        environment.say('restored after the drill', host);
        return error;
      } catch (cause) {
        return notRestored(given, deadMan, cause);
      }
    },
  };
}

function notRestored({ drill, from }: DrillCase, deadMan: DeadMan, cause: unknown): HaupError {
  return new HaupError(
    'DRILL_FAILED',
    `The drill ${drill} was interrupted, and the host could not be restored from here.`,
    {
      host: from.host,
      cause,
      hint: `The timer ${deadMan.unit} on the host restores it ${deadMan.seconds} s after the drill began; haup status then shows it.`,
      ...(cause instanceof Error ? { detail: [cause.message] } : {}),
    },
  );
}
