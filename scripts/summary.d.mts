interface Outcome {
  readonly name: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  readonly errors: readonly string[];
  readonly note: string | null;
  readonly logs: string | null;
  readonly blocked: { readonly what: string; readonly errors: readonly string[] } | null;
}
export interface Reported {
  readonly files: readonly {
    readonly file: string;
    readonly tests: readonly Outcome[];
    readonly errors: readonly string[];
  }[];
  readonly errors: readonly string[];
}
export interface Judged {
  readonly project: string;
  readonly file: string | null;
  readonly passed: number;
  readonly failed: number;
  readonly failures: readonly string[];
}
export function judge(
  project: string,
  report: Reported,
  options?: { readonly filtered?: boolean },
): readonly Judged[];
export function count(judged: readonly Judged[]): { readonly passed: number; readonly failed: number };
export function toRunAgain(judged: readonly Judged[]): readonly Judged[];
