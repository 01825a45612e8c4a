/** The time that a step takes or took: `0.4 s`, `42 s`, `1 min 05 s`. */
export function elapsed(ms: number, decimals: 0 | 1 = 1): string {
  const seconds = decimals === 0 ? Math.floor(ms / 1000) : Math.round(ms / 100) / 10;
  if (seconds < 60) return `${seconds.toFixed(decimals)} s`;
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/** `1 change`, `2 changes`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** `keep_136`, `keep_136 and keep_137`, `a, b and c`. */
export function listed(names: readonly string[]): string {
  if (names.length < 2) return names[0] ?? '';
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** A time that was measured to the millisecond: `623 ms`, `1204 ms`, `12.3 s`. */
export function precise(ms: number): string {
  return ms < 9999.5 ? `${Math.round(ms)} ms` : elapsed(ms);
}
