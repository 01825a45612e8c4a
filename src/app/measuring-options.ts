import { type Inventory, leastRate, mostConnections, mostRate } from '../model/domain.ts';
import { wholeNumber } from './whole-number.ts';

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
    ...(rate === undefined
      ? {}
      : { rate: wholeNumber('--rate', rate, [leastRate, mostRate], 'the requests a second to each VIP') }),
    ...(connections === undefined
      ? {}
      : {
          connections: wholeNumber(
            '--connections',
            connections,
            [0, mostConnections],
            'how many connections of each kind are held open',
          ),
        }),
  },
});
