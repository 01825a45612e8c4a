/**
 * stdout and stderr written with write(2). Node's streams for them come with all of its network code, which takes longer to
 * load than `haup render` takes to work. A write waits for its reader: for commands that have nothing else to do.
 */

import { fstatSync, writeSync } from 'node:fs';

/** `proc` with such outputs; to a terminal it writes as ever. */
export function withDirectOutput(proc: NodeJS.Process): NodeJS.Process {
  const outputs: Readonly<Record<PropertyKey, unknown>> = {
    stdout: directly(1, () => proc.stdout),
    stderr: directly(2, () => proc.stderr),
  };
  return new Proxy(proc, { get: (_, key) => outputs[key] ?? bound(proc, key) });
}

/** The stream is opened for whatever else is asked of it, and for what cannot be written: it says why. */
function directly(descriptor: 1 | 2, open: () => NodeJS.WriteStream): NodeJS.WriteStream {
  if (mayBeTerminal(descriptor)) return open();
  let stream: NodeJS.WriteStream | null = null;
  const listeners: [string, (...args: unknown[]) => void][] = [];
  const opened = (): NodeJS.WriteStream => {
    if (stream !== null) return stream;
    stream = open();
    for (const [event, listener] of listeners) stream.on(event, listener);
    return stream;
  };
  const direct: Readonly<Record<PropertyKey, unknown>> = {
    isTTY: false,
    columns: 0,
    on: (...listener: (typeof listeners)[number]) => void listeners.push(listener),
    write: (text: string) => {
      const rest = unwritten(descriptor, Buffer.from(text));
      return rest.length === 0 || opened().write(rest);
    },
  };
  return new Proxy({} as NodeJS.WriteStream, {
    get: (_, key) => (stream === null && key in direct ? direct[key] : bound(opened(), key)),
  });
}

function mayBeTerminal(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isCharacterDevice();
  } catch {
    return true;
  }
}

function unwritten(descriptor: number, bytes: Buffer): Buffer {
  let rest = bytes;
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(descriptor, rest));
  } catch {}
  return rest;
}

function bound(owner: object, key: PropertyKey): unknown {
  const value: unknown = Reflect.get(owner, key);
  return typeof value === 'function' ? (value.bind(owner) as unknown) : value;
}
