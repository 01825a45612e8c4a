import { hanging } from './columns.ts';
import type { Style } from './style.ts';

export interface PlanTextOptions {
  /** Show what would change in each file. */
  readonly diffs: boolean;
  /** Columns of the terminal. */
  readonly width: number;
  /** Whole new files, and each thing that stays as it is. */
  readonly verbose?: boolean;
}

/** The hosts that the lines below it concern. */
export function hostLines(hosts: string, style: Style, { width }: PlanTextOptions): readonly string[] {
  return hanging('  ', hosts, width, (line) => style.bold(style.cyan(line)));
}
