/** Compares dotted numbers; what follows the numbers (`2.2.7-1+b2`) is ignored. */
export function atLeast(version: string, floor: string): boolean {
  const have = numbers(version);
  const want = numbers(floor);
  for (let index = 0; index < Math.max(have.length, want.length); index += 1) {
    const difference = (have[index] ?? 0) - (want[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

const numbers = (version: string): readonly number[] =>
  (/^(?:\d+:)?v?(\d+(?:\.\d+)*)/.exec(version)?.[1] ?? '0').split('.').map(Number);
