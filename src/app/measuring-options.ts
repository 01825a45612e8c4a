import { type Inventory, leastRate, mostConnections, mostRate } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';

/** What of the inventory's `verify` a command line may replace. */
export interface MeasuringOptions {
  /** Requests a second to each VIP. */
  readonly rate?: string;
  /** Connections of each kind that are held open. */
  readonly connections?: string;
}

/** @throws HaupError USAGE */
export const measuredAs = (inventory: Inventory, { rate, connections }: MeasuringOptions): Inventory => ({
  ...inventory,
  verify: {
    ...inventory.verify,
    ...(rate === undefined ? {} : { rate: whole('--rate', rate, leastRate, mostRate) }),
    ...(connections === undefined
      ? {}
      : { connections: whole('--connections', connections, 0, mostConnections) }),
  },
});

function whole(flag: string, text: string, least: number, most: number): number {
  if (/^\d{1,6}$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
  throw new HaupError('USAGE', `${flag} ${text} is not a whole number from ${least} to ${most}.`, {
    hint: 'Nothing was drilled. haup help verify says what it does.',
  });
}
