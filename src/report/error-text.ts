import { inspect } from 'node:util';
import { HaupError, SeveralErrors } from '../model/errors.ts';
import { wrap } from './columns.ts';
import { printable } from '../base/printable.ts';
import type { Style } from './style.ts';
import { listed } from './words.ts';

export interface ErrorTextOptions {
  /** Show stacks and causes. */
  readonly debug: boolean;
  /** `haup 1.2.0, node 20.20.2, linux x64`: what a report of a bug must say. */
  readonly versions?: string;
  /** Wrap message and hint at this many columns; details are never broken. Absent: do not wrap. */
  readonly width?: number;
}

/** What happened, where, the lines that help, what to do next, and the code. No newline at the end. */
export function errorText(error: unknown, style: Style, options: ErrorTextOptions): string {
  const errors = error instanceof SeveralErrors ? flatten(error) : [error];
  const blocks = groupAlike(errors).map(({ error: first, hosts }) =>
    first instanceof HaupError ? known(first, hosts, style, options) : unexpected(first, style, options),
  );
  return blocks.join('\n\n');
}

function flatten(error: HaupError): readonly HaupError[] {
  return error instanceof SeveralErrors ? error.errors.flatMap(flatten) : [error];
}

/** Hosts in the order of their first error, the errors of one host together, equal errors told once. */
function groupAlike(
  errors: readonly unknown[],
): readonly { readonly error: unknown; readonly hosts: readonly string[] }[] {
  const groups = new Map<string, { error: unknown; hosts: string[] }>();
  const order = [...new Set(errors.map(hostOf))];
  const sorted = errors.toSorted((a, b) => order.indexOf(hostOf(a)) - order.indexOf(hostOf(b)));
  sorted.forEach((error, index) => {
    const key =
      error instanceof HaupError
        ? JSON.stringify([error.code, error.message, error.hint, error.detail])
        : `${index}`;
    const group = groups.get(key) ?? { error, hosts: [] };
    const host = hostOf(error);
    if (host !== undefined && !group.hosts.includes(host)) group.hosts.push(host);
    groups.set(key, group);
  });
  return [...groups.values()];
}

function hostOf(error: unknown): string | undefined {
  return error instanceof HaupError ? error.host : undefined;
}

function known(error: HaupError, hosts: readonly string[], style: Style, options: ErrorTextOptions): string {
  // Many messages name their host themselves.
  const named = hosts.every((host) => error.message.includes(host));
  const where = named ? '' : ` on ${listed(hosts.map(printable))}`;
  const lines = paragraph(
    `Error${where}: `,
    error.message,
    (label) => style.bold(style.red(label)),
    '  ',
    options,
  );
  const detail = printable(error.detail.join('\n'));
  if (detail !== '') lines.push('', ...detail.split('\n').map((line) => `    ${line}`.trimEnd()), '');
  if (error.hint !== undefined)
    lines.push(...paragraph('  Next: ', error.hint, style.bold, '        ', options));
  lines.push(`  ${style.dim(`Code: ${error.code}`)}`);
  if (options.debug) lines.push(...stacks(error).map(style.dim));
  return lines.join('\n');
}

function unexpected(error: unknown, style: Style, options: ErrorTextOptions): string {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : `thrown: ${inspect(error)}`;
  const lines = paragraph(
    'This is a bug in haup: ',
    message,
    (label) => style.bold(style.red(label)),
    '  ',
    options,
  );
  if (options.versions !== undefined) lines.push(`  ${printable(options.versions)}`);
  const hint = options.debug
    ? 'please report it, with the lines below.'
    : 'please report it, with what --debug prints in addition.';
  lines.push(...paragraph('  Next: ', hint, style.bold, '        ', options));
  if (options.debug) lines.push(...stacks(error).map(style.dim));
  return lines.join('\n');
}

/** A label, then text that continues under `indent`. */
function paragraph(
  label: string,
  text: string,
  paint: (label: string) => string,
  indent: string,
  options: ErrorTextOptions,
): string[] {
  const width = options.width === undefined ? Number.POSITIVE_INFINITY : Math.max(20, options.width);
  const safe = printable(text).trim();
  // The first line has less room by the label: wrapped as if the label were its first word.
  const room = '\u00a0'.repeat(Math.max(0, label.length - indent.length));
  const [first = '', ...rest] = wrap(room + safe, width - indent.length);
  return [
    paint(label.trimEnd()) + ' ' + first.slice(room.length),
    ...rest.map((line) => `${indent}${line}`.trimEnd()),
  ];
}

function stacks(error: unknown): readonly string[] {
  const lines: string[] = [];
  for (let each = error, depth = 0; each !== undefined && depth < 8; depth++) {
    const text = each instanceof Error ? (each.stack ?? each.message) : inspect(each);
    lines.push(
      '',
      ...printable(depth === 0 ? text : `caused by ${text}`)
        .split('\n')
        .map((line) => `  ${line}`),
    );
    each = each instanceof Error ? each.cause : undefined;
  }
  return lines;
}
