import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { HostName } from '../model/domain.ts';
import { printable } from '../base/printable.ts';
import type { Context } from './command-context.ts';

export interface RunLogs {
  readonly write: (host: HostName, line: string) => void;
  /** The files written so far. */
  readonly paths: () => readonly string[];
  readonly close: () => void;
}

/** One log per host and run under $XDG_STATE_HOME/haup, readable by the operator alone. */
export function openLogs(context: Context, command: string): RunLogs {
  const directory = join(context.env['XDG_STATE_HOME'] ?? join(context.home, '.local/state'), 'haup');
  const stamp = new Date(context.now()).toISOString().replace(/[:.]/g, '-');
  const files = new Map<HostName, { readonly path: string; readonly fd: number }>();
  return {
    write: (host, line) => {
      let file = files.get(host);
      if (file === undefined) {
        mkdirSync(directory, { recursive: true, mode: 0o700 });
        const path = join(directory, `${stamp}-${context.pid}-${command}-${host}.log`);
        // Never an existing file, which another user could have put there.
        file = { path, fd: openSync(path, 'ax', 0o600) };
        files.set(host, file);
      }
      // It will be viewed in a terminal.
      writeSync(file.fd, `${printable(line)}\n`);
    },
    paths: () => [...files.values()].map(({ path }) => path),
    close: () => {
      for (const { fd } of files.values()) closeSync(fd);
      files.clear();
    },
  };
}
