import type { Resource } from '../model/desired.ts';
import type { Service } from '../model/domain.ts';
import type { HostFacts, ServiceFacts } from '../model/facts.ts';
import type { Action, ServiceVerb } from '../model/action.ts';
import type { Change } from '../model/plan.ts';

export interface ServiceEffects {
  readonly reread: ReadonlySet<Service>;
  readonly restart: ReadonlySet<Service>;
  /** The binary that should be running; null when there is none yet. */
  readonly program: string | null;
  /** From which socket to which it cannot go while it runs; null: it can. */
  readonly rebound: string | null;
  /** Its unit of another kind goes, and with it what starts it at boot. */
  readonly switched: boolean;
}

export function diffService(
  want: Extract<Resource, { kind: 'service' }>,
  have: HostFacts,
  effects: ServiceEffects,
): Change | string {
  const { service } = want;
  const is = have.services[service];
  const running = runs(is);
  const steps: { readonly verb: 'enable' | 'start' | 'restart' | 'reload'; readonly why: string }[] = [];
  if (want.enabled && (is.enabled !== 'enabled' || effects.switched))
    steps.push({
      verb: 'enable',
      why: is.enabled === 'enabled' ? 'another unit starts it' : 'it does not start at boot',
    });
  if (want.running) {
    if (!running)
      steps.push({
        verb: 'start',
        why: is.load === 'not-found' ? 'it is not registered yet' : `it is ${stateText(is)}`,
      });
    else if (effects.restart.has(service)) steps.push({ verb: 'restart', why: 'its binary or unit changes' });
    // A program that was replaced under a running daemon reads as "… (deleted)".
    else if (effects.program !== null && is.program !== '' && is.program !== effects.program) {
      steps.push({ verb: 'restart', why: `it still runs ${is.program}` });
    } else if (effects.reread.has(service)) {
      steps.push(
        effects.rebound === null
          ? { verb: 'reload', why: 'its configuration changes' }
          : {
              verb: 'restart',
              why: `it must listen elsewhere, ${effects.rebound}, which it cannot while it runs`,
            },
      );
    }
  }
  if (steps.length === 0) return `service ${service}: enabled and running`;
  const found =
    have.record.services[service] === undefined
      ? { found: { active: running, enabled: is.enabled === 'enabled' } }
      : {};
  return {
    id: `service:${service}`,
    kind: 'service',
    service,
    title: `${steps.map(({ verb }) => verb).join(' and ')} ${service}`,
    why: steps.map(({ why }) => why).join('; '),
    actions: steps.map(({ verb }): Action => ({ do: 'service', service, verb, ...found })),
    undo: steps.flatMap(({ verb }): Action[] => {
      const back = undoOf(verb, is);
      return back === null ? [] : [{ do: 'service', service, verb: back }];
    }),
    diffs: [],
  };
}

/** systemd goes on trying to start what dies again and again: that is no daemon that could read anything. */
export const runs = ({ active, program }: ServiceFacts): boolean =>
  active === 'active' || active === 'reloading' || (active === 'activating' && program !== '');

const stateText = ({ active }: ServiceFacts): string =>
  active === 'activating' ? 'started again and again, and ends each time' : active;

/** A daemon that did not run is stopped again, or systemd would go on trying to start it. */
function undoOf(verb: ServiceVerb, { active, enabled }: ServiceFacts): ServiceVerb | null {
  if (verb === 'enable') return enabled === 'disabled' || enabled === '' ? 'disable' : null;
  if (verb === 'start') return active === 'activating' ? null : 'stop';
  return verb;
}
