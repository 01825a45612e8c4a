import { beforeAll, expect } from 'vitest';
import type { Run } from './haup.ts';
import { type Edit, fast, type OwnLab, ownLab } from './own-lab.ts';

/** A lab that is changed all the time, under load. */
export interface ChangesLab extends OwnLab {
  /** The example, and the same with fast adverts, which the lab begins with. */
  readonly example: () => string;
  readonly quick: () => string;
  readonly rollback: (path: string) => Promise<Run>;
  /** What could not be measured and is repeated may have left it otherwise. */
  readonly begins: (path: string) => Promise<void>;
  /** The change from `base`, which `made` matches when it is said, and the way back: both lose no request. */
  readonly thereAndBack: (what: string, base: string, changed: string, made: RegExp) => Promise<void>;
}

export const unicast: Edit = (it) => void (it.vrrp['unicast'] = true);
export const vrids: Edit = (it) => it.vips.forEach((vip, at) => (vip['virtual_router_id'] = 61 + at));
export const password: Edit = (it) => void (it.vrrp['auth_pass'] = 'env:NONE:-2222');
export const interval: Edit = (it) => void (it.vrrp['advert_int'] = 2);
export const inTurns = /change keep_136 and keep_137 in turns/;
export const atOnce = /change keep_136 and keep_137 at the same moment/;

export function changesLab(name: string): ChangesLab {
  const own = ownLab(name);
  const { inventory, well, apply, pending, withoutLoss } = own;
  let example = '';
  let quick = '';
  beforeAll(async () => {
    example = inventory();
    quick = inventory(fast);
    await apply(quick);
  });

  const rollback = (path: string): Promise<Run> => well(['rollback', path, '--yes']);
  const begins = async (path: string): Promise<void> => {
    if ((await pending(path)) !== 0) await apply(path);
  };
  return {
    ...own,
    example: () => example,
    quick: () => quick,
    rollback,
    begins,
    thereAndBack: async (what, base, changed, made) => {
      let said = '';
      await begins(base);
      await withoutLoss(what, async () => {
        said = (await apply(changed)).stdout;
      });
      expect(said).toMatch(made);
      await withoutLoss(`${what}, rolled back`, () => rollback(changed));
      expect(await pending(base)).toBe(0);
    },
  };
}
