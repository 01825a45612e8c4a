import type { Resource } from '../model/desired.ts';
import type { Service } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import type { Action } from '../model/action.ts';
import type { Change } from '../model/plan.ts';

export interface Touched {
  readonly reread: ReadonlySet<Service>;
  readonly restart: ReadonlySet<Service>;
  /** The binary that should be running; null when there is none yet. */
  readonly program: string | null;
  /** Its unit of another kind goes, and with it what starts it at boot. */
  readonly switched: boolean;
}

export function diffService(
  want: Extract<Resource, { kind: 'service' }>,
  have: HostFacts,
  touched: Touched,
): Change | string {
  const { service } = want;
  const is = have.services[service];
  const running = is.active === 'active' || is.active === 'reloading' || is.active === 'activating';
  const steps: { readonly verb: 'enable' | 'start' | 'restart' | 'reload'; readonly why: string }[] = [];
  if (want.enabled && (is.enabled !== 'enabled' || touched.switched))
    steps.push({
      verb: 'enable',
      why: is.enabled === 'enabled' ? 'another unit starts it' : 'it does not start at boot',
    });
  if (want.running) {
    if (!running)
      steps.push({
        verb: 'start',
        why: is.load === 'not-found' ? 'it is not registered yet' : `it is ${is.active}`,
      });
    else if (touched.restart.has(service)) steps.push({ verb: 'restart', why: 'its binary or unit changes' });
    // A program that was replaced under a running daemon reads as "… (deleted)".
    else if (touched.program !== null && is.program !== '' && is.program !== touched.program) {
      steps.push({ verb: 'restart', why: `it still runs ${is.program}` });
    } else if (touched.reread.has(service)) steps.push({ verb: 'reload', why: 'its configuration changes' });
  }
  if (steps.length === 0) return `service ${service}: enabled and running`;
  const found =
    have.record.services[service] === undefined
      ? { found: { active: running, enabled: is.enabled === 'enabled' } }
      : {};
  return {
    id: `service:${service}`,
    title: `${steps.map(({ verb }) => verb).join(' and ')} ${service}`,
    why: steps.map(({ why }) => why).join('; '),
    actions: steps.map(({ verb }): Action => ({ do: 'service', service, verb, ...found })),
    undo: steps.flatMap(({ verb }): Action[] =>
      verb === 'reload' || verb === 'restart' ? [{ do: 'service', service, verb }] : [],
    ),
    diffs: [],
  };
}
