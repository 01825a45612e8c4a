import type {
  GraceStatus,
  HostStatus,
  RunStatus,
  ServiceStatus,
  StatusReport,
  VipStatus,
} from '../model/status-shape.ts';
import { table, wrap } from './columns.ts';
import { findingLines } from './finding-text.ts';
import { printableData } from '../base/printable.ts';
import type { Style } from './style.ts';
import { count, listed } from './words.ts';

export interface StatusTextOptions {
  /** Columns of the terminal; 80 when absent. */
  readonly width?: number;
}

/** Who holds each VIP, how each host is, and what is wrong. No newline at the end. */
export function statusText(raw: StatusReport, style: Style, options: StatusTextOptions = {}): string {
  const report = printableData(raw);
  const width = Math.max(20, options.width ?? 80);
  const vips = table(
    ['VIP', 'HOLDER', 'MEMBERS'],
    report.vips.map((vip) => [style.bold(vip.address), holderOf(vip, report, style), vip.members.join(', ')]),
    width,
    style.dim,
  );
  const hosts = table(
    ['HOST', 'KEEPALIVED', 'NGINX', 'STATE'],
    report.hosts.map((host) => [
      style.bold(host.name),
      serviceText(host.keepalived, style),
      serviceText(host.nginx, style),
      stateText(host, style),
    ]),
    width,
    style.dim,
  );
  const findings = report.findings.filter(({ level }) => level !== 'ok');
  return [
    ...vips,
    ...(vips.length > 0 ? [''] : []),
    ...hosts,
    ...(report.graces ?? []).flatMap((grace, index) => [
      ...(index === 0 ? [''] : []),
      ...wrap(graceLine(grace), width),
    ]),
    ...(report.runs ?? []).flatMap((run, index) => [
      ...(index === 0 ? [''] : []),
      ...wrap(runLine(run), width).map(style.yellow),
    ]),
    ...(findings.length > 0 ? [''] : []),
    ...findings.flatMap((finding) => findingLines(finding, style, width)),
    '',
    ...closing(report, style, width),
  ].join('\n');
}

const graceLine = ({ vip, host, connections, leftSeconds }: GraceStatus): string =>
  `${vip}: ${host} still serves ${connections === null ? 'connections' : count(connections, 'connection')} that ${connections === 1 ? 'was' : 'were'} open when it moved, for at most ${Math.max(0, leftSeconds)} s`;

export const runLine = ({ who, since, why, hosts }: RunStatus): string =>
  `In progress on ${listed(hosts)}: ${why}, by ${who}, since ${since}`;

function holderOf({ members, holders, expected }: VipStatus, { hosts }: StatusReport, style: Style): string {
  if (holders.length === 0) {
    // A member that was not reached or not asked may well have it.
    const all = members.every((member) => hosts.find(({ name }) => name === member)?.reachable === true);
    return all ? style.red('no host') : style.yellow('unknown');
  }
  const names = listed(holders);
  if (holders.length > 1) return style.red(`${names} at once`);
  if (expected === null || holders[0] === expected) return style.green(names);
  return `${style.yellow(names)}, expected ${expected}`;
}

export function serviceText(service: ServiceStatus | null, style: Style): string {
  if (service === null) return style.dim('unknown');
  const paint = service.state === 'active' ? style.green : style.red;
  return service.version === null
    ? `${paint(service.state)}, not installed`
    : `${service.version} ${paint(service.state)}`;
}

export function stateText({ reachable, drained, keepalived, nginx }: HostStatus, style: Style): string {
  if (!reachable) return style.red('unreachable');
  if (drained) return style.yellow('drained');
  return keepalived?.state === 'active' && nginx?.state === 'active'
    ? 'in service'
    : style.red('out of service');
}

function closing({ vips, hosts, findings }: StatusReport, style: Style, width: number): readonly string[] {
  const failed = findings.filter(({ level }) => level === 'fail').length;
  const warned = findings.filter(({ level }) => level === 'warn').length;
  if (failed + warned === 0) {
    // One without a holder and without a finding is held by a host that was not asked.
    const seen = vips.filter(({ holders }) => holders.length > 0).length;
    const unasked = [...new Set(vips.flatMap(({ members }) => members))].filter(
      (name) => !hosts.some((host) => host.name === name),
    );
    const text = `All is well: ${count(seen, 'VIP')} where expected, ${count(hosts.length, 'host')} in service.`;
    const rest = unasked.length === 0 ? '' : ` Not looked at: ${unasked.join(', ')}.`;
    return wrap(text + rest, width).map((line) => style.bold(style.green(line)));
  }
  const text = [
    ...(failed > 0 ? [count(failed, 'failure')] : []),
    ...(warned > 0 ? [count(warned, 'warning')] : []),
  ].join(' and ');
  return wrap(`${text} among ${count(findings.length, 'finding')}.`, width).map((line) =>
    style.bold(failed > 0 ? style.red(line) : style.yellow(line)),
  );
}
