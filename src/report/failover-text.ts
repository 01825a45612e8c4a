import type { FailoverReport, Topology } from '../model/failover-shape.ts';
import { hanging, table, wrap } from './columns.ts';
import { connectionsText, graceText } from './connections-text.ts';
import { lostShort, retriedSentence } from './lost-text.ts';
import { printableData } from '../base/printable.ts';
import type { Style } from './style.ts';
import { count, listed, precise } from './words.ts';

/** Who has which VIP: what is shown before the question. No newline at the end. */
export function topologyText(raw: readonly Topology[], style: Style, columns: number): string {
  const rows = printableData(raw).map(({ address, holders }) => [
    style.bold(address),
    holdersOf(holders, style),
  ]);
  return table(['VIP', 'HOLDER'], rows, Math.max(20, columns), style.dim).join('\n');
}

/** Each VIP before and after, and what the move cost. No newline at the end. */
export function failoverText(raw: FailoverReport, style: Style, columns = 80): string {
  const report = printableData(raw);
  const width = Math.max(20, columns);
  const addresses = [...new Set([...report.before, ...report.after].map(({ address }) => address))];
  const rows = addresses.map((address) => {
    const moved = report.vips.find((vip) => vip.address === address);
    return [
      style.bold(address),
      holdersOf(holdersIn(report.before, address), style),
      holdersOf(holdersIn(report.after, address), style),
      moved === undefined ? style.dim('not moved') : precise(moved.outageMs),
      moved === undefined ? '' : lostShort(moved),
    ];
  });
  return [
    ...table(['VIP', 'BEFORE', 'AFTER', 'OUTAGE', 'LOST REQUESTS'], rows, width, style.dim),
    ...report.vips
      .filter(({ asked }) => !isUsual(asked))
      .flatMap(({ address, asked }) => wrap(`${address} was asked by ${asked}.`, width).map(style.dim)),
    '',
    ...report.reasons.flatMap((reason) => hanging(`${style.red('✗')} `, reason, width, style.red)),
    ...closing(report, style, width),
  ].join('\n');
}

/** Whether a VIP was asked as everybody takes for granted. */
export const isUsual = (asked: string | undefined): boolean =>
  asked === undefined || asked === 'HTTP on port 80';

function holdersIn(topology: readonly Topology[], address: string): readonly string[] {
  return topology.find((each) => each.address === address)?.holders ?? [];
}

function holdersOf(holders: readonly string[], style: Style): string {
  if (holders.length === 0) return style.red('no host');
  return holders.length === 1 ? (holders[0] ?? '') : style.red(`${listed(holders)} at once`);
}

function closing(report: FailoverReport, style: Style, width: number): readonly string[] {
  const [verdict, next] = report.ok ? done(report) : undone(report);
  const paint = report.ok ? style.green : style.red;
  return [
    ...wrap(verdict, width).map((line) => style.bold(paint(line))),
    ...lossLines(report, width),
    ...report.vips.flatMap(({ address, from, to, grace }) => {
      const text = grace === undefined ? null : graceText(grace, from, to);
      return text === null ? [] : wrap(`${address}: ${text}.`, width);
    }),
    ...report.vips.flatMap(({ address, connections }) =>
      connections === undefined
        ? []
        : wrap(`${address}: haup held connections open: ${connectionsText(connections)}.`, width),
    ),
    ...(next === null ? [] : hanging(style.bold('Next: '), next, width)),
  ];
}

/** What the table has too little room to say. */
function lossLines({ vips }: FailoverReport, width: number): readonly string[] {
  const sum = (of: (vip: FailoverReport['vips'][number]) => number): number =>
    vips.reduce((all, vip) => all + of(vip), 0);
  const [lost, retried] = [sum((vip) => vip.lost), sum((vip) => vip.retried)];
  const answered = retriedSentence({ lost, retried });
  if (answered === null) return [];
  const cut = `${count(lost, 'request')} ${lost === 1 ? 'was' : 'were'} lost to a client that does not retry.`;
  return wrap(`${cut} ${answered}`, width);
}

type Words = readonly [verdict: string, next: string | null];

function done({ host, mode, vips }: FailoverReport): Words {
  const moved = `${count(vips.length, 'VIP')} moved`;
  if (mode === 'failback') return [`Done: ${host} is back in service, ${moved} back.`, null];
  const until = mode === 'stop' ? 'keepalived stays stopped there' : 'it stays drained';
  return [`Done: ${host} is out of service, ${moved} off it.`, `${until} until haup failback ${host}`];
}

function undone({ host, mode }: FailoverReport): Words {
  const status = 'haup status says how it is now';
  if (mode === 'failback') return [`Failed: the failback of ${host} did not end as it should.`, status];
  return [
    `Failed: the failover of ${host} did not end as it should.`,
    `${status}; haup failback ${host} takes it back`,
  ];
}
