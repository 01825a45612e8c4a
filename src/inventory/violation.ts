/** A mistake at a place in the file, and what is at such a place. */

/** Keys from the top of the file to a value. */
export type Path = readonly (string | number)[];

export interface Violation {
  readonly path: Path;
  /** `key` points at the key itself instead of its value. */
  readonly at?: 'key' | 'value';
  readonly message: string;
  readonly hint?: string | undefined;
}

export function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<string | number, unknown>)[step];
  }
  return at;
}

/** `vips[0].hosts[1]`; a key that is no plain word is quoted. */
export function dotted(path: Path): string {
  const step = (key: string): string => (/^[\p{L}\p{N}_<-]+$/u.test(key) ? key : JSON.stringify(key));
  return path
    .map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i === 0 ? '' : '.'}${step(key)}`))
    .join('');
}
