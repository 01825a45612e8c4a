import type { Inventory } from '../model/domain.ts';
import { numberOption } from './number-option.ts';

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
    rate: numberOption('--rate', rate) ?? inventory.verify.rate,
    connections: numberOption('--connections', connections) ?? inventory.verify.connections,
  },
});
