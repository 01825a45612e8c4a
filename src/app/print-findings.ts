import type { Finding } from '../model/plan.ts';
import { styleFor } from '../report/stream-style.ts';
import type { Context } from './command-context.ts';

/** Findings on stdout, below what was printed before; nothing when there are none. */
export async function printFindings(context: Context, findings: readonly Finding[]): Promise<void> {
  if (findings.length === 0) return;
  const { findingLines } = await import('../report/finding-text.ts');
  const style = await styleFor(context.stdout);
  const width = Math.min(context.stdout.columns, 100);
  context.out(`\n${findings.flatMap((finding) => findingLines(finding, style, width)).join('\n')}\n`);
}
