/** Bytes as lines, and lines as a stream with backpressure. */

import { StringDecoder } from 'node:string_decoder';

/** Calls `onLine` for each line, without its end; joins characters that packets have cut. */
export function splitLines(onLine: (line: string) => void): {
  readonly feed: (chunk: Buffer) => void;
  readonly end: () => void;
} {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const say = (line: string): void => onLine(line.endsWith('\r') ? line.slice(0, -1) : line);
  return {
    feed(chunk) {
      const lines = decoder.write(chunk).split('\n');
      lines[0] = rest + (lines[0] ?? '');
      rest = lines.pop() ?? '';
      for (const line of lines) say(line);
    },
    end() {
      rest += decoder.end();
      if (rest !== '') say(rest);
      rest = '';
    },
  };
}

/** A sender that can be paused: a channel. */
interface Flow {
  pause(): unknown;
  resume(): unknown;
}

const fullAt = 5_000;
const roomAt = 500;

export interface LineQueue {
  readonly push: (line: string) => void;
  /** After the last line; an error, if any, is thrown to the reader then. */
  readonly end: (error: unknown) => void;
  readonly control: (flow: Flow) => void;
  /** The lines; ends when the signal aborts. */
  readonly drain: (signal: AbortSignal) => AsyncGenerator<string>;
}

export function lineQueue(): LineQueue {
  const lines: string[] = [];
  let over = false;
  let failure: unknown = null;
  let paused = false;
  let flow: Flow | null = null;
  let reader: (() => void) | null = null;
  const wake = (): void => reader?.();
  return {
    push(line) {
      lines.push(line);
      if (lines.length > fullAt && !paused && flow !== null) {
        paused = true;
        flow.pause();
      }
      wake();
    },
    end(error) {
      over = true;
      failure = error;
      wake();
    },
    control(theFlow) {
      flow = theFlow;
    },
    async *drain(signal) {
      signal.addEventListener('abort', wake, { once: true });
      try {
        while (!signal.aborted) {
          const line = lines.shift();
          if (line !== undefined) {
            if (paused && lines.length < roomAt) {
              paused = false;
              flow?.resume();
            }
            yield line;
          } else if (over) {
            if (failure !== null) throw failure;
            return;
          } else {
            await new Promise<void>((resolve) => {
              reader = resolve;
            });
          }
        }
      } finally {
        signal.removeEventListener('abort', wake);
      }
    },
  };
}
