/** A value that must not be shown: every way of printing it gives `***`; only `reveal` gives it away. */
export class Secret {
  readonly #value: string;
  /** Where it came from, safe to show: `env:HAUP_AUTH_PASS`. */
  readonly source: string;

  constructor(value: string, source: string) {
    this.#value = value;
    this.source = source;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }
}
