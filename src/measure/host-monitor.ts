/** The script that watches one host for `haup status --watch`, and the parser of what it prints. */

import { hostScript } from '../base/host-script.ts';
import type { ReadScript } from '../model/host.ts';
import { probePath } from '../nginx/probe.ts';
import { type MonitorLine, monitorParser } from './monitor.ts';

export type HostLine = MonitorLine | HostState;

/** Printed every second, so that silence means a lost host. */
export interface HostState {
  readonly kind: 'state';
  /** Whether haup's own server in nginx answers; null: it was refused, or could not be asked. */
  readonly answers: boolean | null;
  /** Differs from the last one when the facts have changed. */
  readonly seen: string;
}

/** templates/scripts/watch-host.sh, for at most `seconds`. */
export const hostMonitorScript = (seconds: number, healthPort: number): ReadScript =>
  hostScript('watch-host', { seconds, health_port: healthPort, probe_path: probePath }) as ReadScript;

/** curl's: connection refused, and the shell's for a host without curl. That nginx is down is among the facts. */
const unasked: ReadonlySet<string | undefined> = new Set(['7', '127']);

export function hostLineParser(): (line: string) => HostLine | null {
  const parseMonitor = monitorParser();
  return (line) => {
    const state = /^state (\d+) (.*)$/.exec(line);
    if (state === null) return parseMonitor(line);
    const [, status, seen = ''] = state;
    return { kind: 'state', answers: unasked.has(status) ? null : status === '0', seen };
  };
}
