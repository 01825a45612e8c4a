import type { Reporter, RunEvent } from '../model/events.ts';
import { findingSentence } from './finding-text.ts';
import { eventData, jsonText } from './json.ts';
import { oneLine } from '../base/printable.ts';
import { elapsed } from './words.ts';

export interface LineOptions {
  /** NDJSON instead of text. */
  readonly json: boolean;
  /** Milliseconds since the epoch; with it every JSON line carries `time`. */
  readonly now?: () => number;
}

/** One line an event, for pipes, CI and `--json`. `write` gets whole lines, newline included. */
export function lineReporter(write: (text: string) => void, options: LineOptions): Reporter {
  return {
    emit: (event) => {
      write(`${options.json ? jsonText(timed(event, options.now), false) : lineOf(event)}\n`);
    },
    end: () => undefined,
  };
}

function timed(event: RunEvent, now: (() => number) | undefined): Readonly<Record<string, unknown>> {
  const data = eventData(event);
  return now === undefined ? data : { time: new Date(now()).toISOString(), ...data };
}

/** `[keep_136] done: Build keepalived 2.2.4 (31.2 s)` */
function lineOf(event: RunEvent): string {
  // A finding names its own place.
  const host =
    event.type === 'finding'
      ? undefined
      : event.type === 'failed'
        ? (event.host ?? event.error.host)
        : event.host;
  return oneLine(`${host === undefined ? '' : `[${host}] `}${words(event)}`);
}

function words(event: RunEvent): string {
  switch (event.type) {
    case 'connecting':
    case 'connected':
      return event.type;
    case 'changing':
      return `begin: ${event.change.title}: ${event.change.why}`;
    case 'step':
      return `step: ${event.change.title}: ${event.note}`;
    case 'changed':
      return `done: ${event.change.title} (${elapsed(event.ms)})`;
    case 'failed':
      return `failed: ${event.error.message} (${event.error.code})`;
    case 'finding': {
      const { level, hint } = event.finding;
      return `${level}: ${findingSentence(event.finding)}${hint === undefined ? '' : ` - ${hint}`}`;
    }
    case 'said':
      return event.text;
  }
}
