/** The way onto a host of a lab by its namespaces: a login costs twenty times as much of the processors. */

import { readFileSync } from 'node:fs';
import { labGroup } from '../../src/lab/names.ts';
import { firstProcess, labProcesses } from '../../src/lab/process-table.ts';

/** First processes of hosts, by lab and host, as they were last. */
const found = new Map<string, number>();

/** What a login as root would set. */
const environment = [
  'HOME=/root',
  'USER=root',
  'LOGNAME=root',
  'SHELL=/bin/bash',
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
];

/** A command line for a command of the host's own shell. Rejects when the host is off. */
export async function onHostArguments(
  lab: string,
  host: string,
  command: string,
): Promise<readonly [string, ...string[]]> {
  const all = ['--all', '--target', String(await firstOf(lab, host))];
  return ['nsenter', ...all, 'env', '-i', ...environment, '/bin/bash', '-c', `cd\n${command}`];
}

async function firstOf(lab: string, host: string): Promise<number> {
  const key = `${lab} ${host}`;
  const known = found.get(key);
  if (known !== undefined && isFirst(known, `/${labGroup(lab)}/host-${host}/payload`)) return known;
  const first = await firstProcess(await labProcesses(lab), host);
  if (first === null) throw new Error(`${host} of the lab ${lab} is off`);
  found.set(key, first);
  return first;
}

/** Since a host that boots again has another one. */
function isFirst(pid: number, group: string): boolean {
  try {
    return (
      readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(group) &&
      /^NSpid:.*\s1$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
    );
  } catch {
    return false;
  }
}
