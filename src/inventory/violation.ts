/** A mistake at a place in the file. */

/** Keys from the top of the file to a value. */
export type Path = readonly (string | number)[];

export interface Violation {
  readonly path: Path;
  /** `key` points at the key itself instead of its value. */
  readonly at?: 'key' | 'value';
  readonly message: string;
  readonly hint?: string | undefined;
}
