import { inspect } from 'node:util';
import { HaupError, SeveralErrors } from '../model/errors.ts';
import type { RunEvent } from '../model/events.ts';

/**
 * JSON of plain data, indented when `pretty`. Control and formatting characters that JSON itself lets
 * through are escaped, so that looking at the output in a terminal is as safe as parsing it.
 */
export function jsonText(data: unknown, pretty: boolean): string {
  return (JSON.stringify(data, null, pretty ? 2 : undefined) ?? 'null').replace(unsafe, (character) =>
    [...Array(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** The one way in which a command prints JSON: one document, on a line of its own unless it is `pretty`. */
export function printJson(write: (text: string) => void, data: unknown, form: 'line' | 'pretty'): void {
  write(`${jsonText(data, form === 'pretty')}\n`);
}

/** An event as data: what a change is, never the bytes that it writes. */
export function eventData(event: RunEvent): Readonly<Record<string, unknown>> {
  if (event.type === 'failed')
    return { type: event.type, host: event.host ?? event.error.host, error: errorData(event.error) };
  if (!('change' in event)) return { ...event };
  const { id, title, why, build } = event.change;
  return { ...event, change: { id, title, why, ...(build === undefined ? {} : { build }) } };
}

/** The shape of every error in JSON; `errors` when several hosts failed. */
export function errorData(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof HaupError))
    return { code: 'BUG', message: error instanceof Error ? error.message : inspect(error) };
  const { code, message, host, hint, detail } = error;
  return {
    code,
    message,
    ...(host === undefined ? {} : { host }),
    ...(hint === undefined ? {} : { hint }),
    ...(detail.length === 0 ? {} : { detail }),
    ...(error instanceof SeveralErrors ? { errors: error.errors.map(errorData) } : {}),
  };
}

/** JSON escapes C0 only: DEL, C1, bidirectional overrides and the like are left. */
const unsafe = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu;
