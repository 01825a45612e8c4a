import { describe, expect, test } from 'vitest';
import { chooseDrills } from '../../src/drill/choose-drills.ts';
import { exampleInventory } from '../fakes/example.ts';

const inventory = exampleInventory();
const choose = (asked: readonly string[], allow = inventory.verify.allow) =>
  chooseDrills(asked, { verify: { allow, rate: null, connections: 0 } });

describe('which drills are made', () => {
  test('those asked for, each once, in that order; all are those that the inventory allows', () => {
    expect(choose(['drain', 'stop', 'drain'])).toEqual(['drain', 'stop']);
    expect(choose(['all'])).toEqual(['stop', 'drain']);
    expect(choose(['hang', 'all'], ['stop', 'hang'])).toEqual(['hang', 'stop']);
  });

  test('one that the inventory does not allow is refused, with what to write', () => {
    expect(() => choose(['stop', 'crash'])).toThrow(/does not allow the drill crash\. Nothing was contacted/);
    try {
      choose(['crash']);
    } catch (error) {
      expect(error).toMatchObject({
        code: 'USAGE',
        hint: expect.stringMatching(/killed with -9.*allow: \[stop, drain, crash\]/) as string,
      });
    }
  });

  test.each([[['flood']], [['']], [[]]])('%j is not a drill', (asked) => {
    expect(() => choose(asked)).toThrow(/^(Unknown drill: "(flood)?"|No drill was named)\.$/);
  });
});
