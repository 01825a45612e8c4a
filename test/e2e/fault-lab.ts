/** A lab in which an apply meets a fault: what clients lose, what is left to do, and that the next apply does it. */

import { afterEach, beforeAll, expect } from 'vitest';
import { masterDownMs, skewMs } from '../../src/measure/bounds.ts';
import { onHost } from './haup.ts';
import { type Edit, fast, keepalivedOption, nginxOption, type OwnLab, ownLab } from './own-lab.ts';

const third = { version: 3 } as const;
/** The lower priority of the example, and what a measurement on a busy machine may add. */
export const priority = 80;
export const allowanceMs = 133;
/** A holder that says that it goes, and one that does not. */
export const stopMs: number = skewMs(third, 0.1, priority) + allowanceMs;
export const deadMs: number = masterDownMs(third, 0.1, priority) + allowanceMs;

export const connections =
  (number: number): Edit =>
  (it) =>
    void (it.nginx['worker_connections'] = number);

export interface FaultLab extends OwnLab {
  /** Inventory that is applied at first. */
  readonly quick: () => string;
  /** Both daemons change: each host is drained for it. Both builds are kept already. */
  readonly rebuilt: () => string;
  /** Of these two the one that is not applied. */
  readonly other: () => Promise<string>;
  /** Nothing is left to do, each VIP has its own holder, no host is drained, and no half-written file lies about. */
  readonly allDone: (wanted: string) => Promise<void>;
}

export function faultLab(name: string): FaultLab {
  const own = ownLab(name);
  const { lab, inventory, inLab, well, apply, pending, fault } = own;
  let [quick, rebuilt] = ['', ''];
  beforeAll(async () => {
    quick = inventory(fast);
    rebuilt = inventory(fast, keepalivedOption, nginxOption);
    await apply(quick);
    await apply(rebuilt);
  });

  // A test that failed leaves no host cut off, and nothing half done.
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return;
    for (const host of ['keep_136', 'keep_137']) {
      await fault(host, 'power-on');
      await fault(host, 'link-up');
    }
    await inLab(['apply', quick, '--yes', '--lock-wait', '60']);
  });

  const allDone = async (wanted: string): Promise<void> => {
    expect(await pending(wanted)).toBe(0);
    const told = JSON.parse((await well(['status', wanted, '--json'])).stdout) as Told;
    expect(told.vips.map(({ holders }) => holders.join('+'))).toEqual(['keep_136', 'keep_137']);
    expect(told.hosts.map(({ drained }) => drained)).toEqual([false, false]);
    const left = `find /etc /usr/local /usr/libexec -name '*.haup-new' -o -name '*.haup-keep'
find /var/lib/haup/build /var/lib/haup/stage/* /run/haup.unread.* 2>/dev/null; true`;
    for (const host of ['keep_136', 'keep_137']) expect(await onHost(lab, host, left)).toBe('');
  };

  return {
    ...own,
    quick: () => quick,
    rebuilt: () => rebuilt,
    other: async () => ((await pending(rebuilt)) === 0 ? quick : rebuilt),
    allDone,
  };
}

interface Told {
  readonly vips: readonly { readonly holders: readonly string[] }[];
  readonly hosts: readonly { readonly drained: boolean }[];
}
