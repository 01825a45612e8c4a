// How many processes a command starts on a host: the kernel numbers those of a PID namespace one after the other.
import { spawnSync } from 'node:child_process';
import { hosts } from './pair.mjs';

const idleMs = 5_000;

/** `idle`: the hosts start processes all the time, for the health check, which are not counted. */
export function hostProcesses(pair, { idle }) {
  const lastNumbers = () =>
    hosts.map((host) => Number(pair.ssh(host, 'cat /proc/loadavg').trim().split(' ').at(-1)));
  const since = (before) => mean(lastNumbers().map((number, at) => number - before[at]));
  // What looking itself starts.
  const look = Math.min(...[1, 2, 3].map(() => since(lastNumbers())));
  let before = lastNumbers();
  if (idle) spawnSync('sleep', [String(idleMs / 1000)]);
  const perMs = idle ? (since(before) - look) / idleMs : 0;
  return {
    begin() {
      before = lastNumbers();
    },
    /** For one host, that of the command's own connection included. */
    end: (ms) => Math.max(0, since(before) - look - ms * perMs),
  };
}

const mean = (list) => list.reduce((sum, one) => sum + one, 0) / list.length;
