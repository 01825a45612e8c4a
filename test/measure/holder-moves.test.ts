import { expect, test } from 'vitest';
import { holderMoves } from '../../src/measure/holder-moves.ts';

const vip = '192.168.160.161';
/** `1000 -a`: host a dropped the VIP at 1000. */
const moves = (...lines: readonly string[]) =>
  holderMoves(
    vip,
    lines.map((line) => {
      const [at = '', what = ''] = line.split(' ');
      return { at: Number(at), host: what.slice(1), address: vip, held: what.startsWith('+') };
    }),
  );

test.each([
  ['the first holder has not moved', ['0 +a'], []],
  ['a stop: no holder in between', ['0 +a', '1000 -a', '1219 +b'], ['a b 1219 219 0']],
  ['a drain: both in between', ['0 +a', '1000 +b', '1012 -a'], ['a b 1012 0 12']],
  ['heard in the wrong order', ['0 +a', '1012 -a', '1000 +b'], ['a b 1012 0 12']],
  ['a split brain that ends where it began', ['0 +a', '1000 +b', '3000 -b'], ['a a 3000 0 2000']],
  ['dropped and taken again', ['0 +a', '10 -a', '30 +a'], ['a a 30 20 0']],
  ['none, then both', ['0 +a', '100 -a', '300 +a', '300 +b', '350 -a'], ['a a 300 200 0', 'a b 350 0 50']],
  ['not yet back', ['0 +a', '100 -a'], []],
  ['said twice', ['0 +a', '5 +a', '100 -a', '101 -a', '200 +b'], ['a b 200 100 0']],
  ['there and back', ['0 +a', '10 -a', '20 +b', '30 -b', '40 +a'], ['a b 20 10 0', 'b a 40 10 0']],
])('%s', (_what, lines, expected) => {
  expect(
    moves(...lines).map(({ from, to, atMs, noneMs, bothMs }) => [from, to, atMs, noneMs, bothMs].join(' ')),
  ).toEqual(expected);
});
