/** `haup verify --junit`: a suite for each VIP, a test case for each drill. Pure. */

import type {
  DrillReport,
  RepeatSummary,
  RequestFigures,
  VerifyReport,
  VipVerification,
} from '../model/report.ts';
import { printableData } from '../base/printable.ts';
import { wasDone } from './drill-words.ts';
import { escaped } from './html-markup.ts';

/** XML 1.0 in the form that CI servers share; ends with a newline. */
export function junitText(given: VerifyReport): string {
  const report = printableData(given);
  const drills = report.vips.flatMap((vip) => vip.drills);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: 'haup verify', ...totals(drills) })}>`,
    ...report.vips.map((vip) => suite(vip, report.startedAt)),
    '</testsuites>',
    '',
  ].join('\n');
}

function suite({ address, drills, repeats = [] }: VipVerification, startedAt: string | undefined): string {
  const named = {
    name: address,
    ...totals(drills),
    ...(startedAt === undefined ? {} : { timestamp: startedAt }),
  };
  const runs = new Map<string, number>();
  const cases = drills.map((drill) => {
    const title = `${drill.drill} on ${drill.from}`;
    const run = (runs.get(title) ?? 0) + 1;
    runs.set(title, run);
    return testCase(address, drill, run === 1 ? title : `${title}, run ${run}`);
  });
  return [
    `  <testsuite${attributes(named)}>`,
    ...properties(repeats.flatMap(spreadEntries), '    '),
    ...cases,
    '  </testsuite>',
  ].join('\n');
}

function testCase(address: string, drill: DrillReport, name: string): string {
  const head = attributes({ classname: `haup.verify.${address}`, name, time: secondsOf(drill) });
  const failure = drill.ok
    ? []
    : [
        `      <failure${attributes({ type: wasDone(drill) ? 'failed' : 'not-done', message: drill.reasons[0] ?? 'failed' })}>${escaped(drill.reasons.join('\n'))}</failure>`,
      ];
  return [
    `    <testcase${head}>`,
    ...properties(figureEntries(drill), '      '),
    ...failure,
    '    </testcase>',
  ].join('\n');
}

type Entry = readonly [name: string, value: string | number];

/** `stop.outageMs.median`, and so on. */
const spreadEntries = ({ drill, runs, figures: spreads }: RepeatSummary): readonly Entry[] => [
  [`${drill}.runs`, runs],
  ...Object.entries(spreads).flatMap(([figure, spread]) =>
    Object.entries(spread).map(([of, value]): Entry => [`${drill}.${figure}.${of}`, value as number]),
  ),
];

function properties(entries: readonly Entry[], indent: string): readonly string[] {
  if (entries.length === 0) return [];
  return [
    `${indent}<properties>`,
    ...entries.map(([name, value]) => `${indent}  <property${attributes({ name, value: String(value) })}/>`),
    `${indent}</properties>`,
  ];
}

/** Properties of a test case, in this order. */
const drillFigures = [
  'outageMs',
  'boundMs',
  'allowanceMs',
  'lost',
  'retried',
  'total',
  'bothHeldMs',
  'noneHeldMs',
  'detectionMs',
  'takeoverMs',
] as const satisfies readonly (keyof DrillReport)[];
const failbackFigures = [
  'outageMs',
  'lost',
  'retried',
  'total',
] as const satisfies readonly (keyof RequestFigures)[];

/** Figures that were not measured are left out. */
function figureEntries(drill: DrillReport): readonly Entry[] {
  const { from, to, failback } = drill;
  return [
    ['from', from],
    ['to', to ?? 'none'],
    ...drillFigures.flatMap((name): Entry[] => {
      const value = drill[name] ?? null;
      return value === null ? [] : [[name, value]];
    }),
    ...(failback === null ? [] : failbackFigures.map((name): Entry => [`failback.${name}`, failback[name]])),
  ];
}

const totals = (drills: readonly DrillReport[]): Readonly<Record<string, string>> => ({
  tests: String(drills.length),
  failures: String(drills.filter(({ ok }) => !ok).length),
  errors: '0',
  skipped: '0',
  time: drills.reduce((sum, drill) => sum + Number(secondsOf(drill)), 0).toFixed(3),
});

/** How long it was watched. */
function secondsOf({ timeline }: DrillReport): string {
  const from = Math.min(...timeline.map(({ fromMs }) => fromMs));
  const to = Math.max(...timeline.map(({ toMs }) => toMs));
  return (timeline.length === 0 ? 0 : (to - from) / 1000).toFixed(3);
}

const attributes = (named: Readonly<Record<string, string>>): string =>
  Object.entries(named)
    .map(([name, value]) => ` ${name}="${escaped(value)}"`)
    .join('');
