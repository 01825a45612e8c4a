import type { Inventory } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import { type DrillName, drillNames, faults, isDrillName } from '../model/fault.ts';

/**
 * The drills that were asked for, each once, in the order of asking; `all`: every one that the inventory allows. Throws
 * USAGE for names that are no drill, and for drills that the inventory does not allow.
 */
export function chooseDrills(asked: readonly string[], { verify }: Pick<Inventory, 'verify'>): DrillName[] {
  const names = [
    ...new Set(asked.flatMap((name): readonly string[] => (name === 'all' ? verify.allow : [name]))),
  ];
  const unknown = names.filter((name) => !isDrillName(name));
  if (unknown.length > 0 || names.length === 0) {
    const which = unknown.map((name) => `"${name}"`).join(', ');
    throw new HaupError('USAGE', which === '' ? 'No drill was named.' : `Unknown drill: ${which}.`, {
      hint: `--drill takes ${drillNames.join(', ')}, several separated by commas, or all.`,
    });
  }
  const drills = names.filter(isDrillName);
  const forbidden = drills.filter((name) => !verify.allow.includes(name));
  if (forbidden.length > 0) {
    const [one] = forbidden;
    throw new HaupError(
      'USAGE',
      `The inventory does not allow the drill ${forbidden.join(' and ')}. Nothing was contacted.`,
      {
        hint: `${one === undefined ? '' : `${one}: ${faults[one]}. `}To allow it on these hosts, write verify: { allow: [${[...verify.allow, ...forbidden].join(', ')}] } into the inventory; haup lab allows all drills.`,
      },
    );
  }
  return drills;
}
