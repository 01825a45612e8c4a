import type { Finding } from '../model/plan.ts';
import { hanging } from './columns.ts';
import { oneLine } from '../base/printable.ts';
import type { Style } from './style.ts';

/** `keep_136: is drained and takes no VIP`: the place, then the finding's own words. */
export function findingSentence({ host, vip, message }: Finding): string {
  const place = vip ?? host;
  return oneLine(place === undefined || message.startsWith(place) ? message : `${place}: ${message}`);
}

/** The level, the sentence, and below it what to do next. */
export function findingLines(finding: Finding, style: Style, width: number): readonly string[] {
  const paint = { ok: style.green, warn: style.yellow, fail: style.red }[finding.level];
  const { level, hint } = finding;
  return [
    ...hanging(`${paint(level.padEnd(4))}  `, findingSentence(finding), width),
    ...(hint === undefined ? [] : hanging(`      ${style.bold('Next:')} `, oneLine(hint), width)),
  ];
}
