import { type Inventory, mostConnections } from '../model/domain.ts';
import { wholeNumber } from './whole-number.ts';

/** What of the inventory's `verify` a command line may replace. */
export interface MeasuringOptions {
  /** Connections of each kind that are held open. */
  readonly connections?: string;
}

/** @throws HaupError USAGE */
export const measuredAs = (inventory: Inventory, { connections }: MeasuringOptions): Inventory => ({
  ...inventory,
  verify: {
    ...inventory.verify,
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
