/** Which processes belong to a lab, by their control group. */

import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { labGroup } from './names.ts';

export interface LabProcess {
  readonly pid: number;
  /** Below the lab's group: `host-keep_136/payload/init.scope`, `boot-keep_136`, `keeper`. */
  readonly group: string;
}

/** Every process in the control group of a lab. */
export async function labProcesses(lab: string): Promise<readonly LabProcess[]> {
  const prefix = `/${labGroup(lab)}/`;
  const found = await Promise.all(
    (await allPids()).map(async (pid): Promise<LabProcess | null> => {
      const group = await groupOf(pid);
      if (group?.startsWith(prefix) !== true || (await isZombie(pid))) return null;
      return { pid, group: group.slice(prefix.length) };
    }),
  );
  return found.filter((process) => process !== null);
}

/** Names of all control groups that have processes, `/haup.demo/keeper`. */
export async function allGroups(): Promise<ReadonlySet<string>> {
  const groups = await Promise.all((await allPids()).map(groupOf));
  return new Set(groups.filter((group) => group !== null));
}

/** Processes whose network namespace is the one of this file, other than the given ones. */
export async function processesIn(namespaceFile: string): Promise<readonly number[]> {
  const inode = await stat(namespaceFile).then(
    (found) => found.ino,
    () => null,
  );
  if (inode === null) return [];
  const found = await Promise.all(
    (await allPids()).map(async (pid) => {
      const link = await readlink(`/proc/${pid}/ns/net`).catch(() => '');
      return link === `net:[${inode}]` ? pid : null;
    }),
  );
  return found.filter((pid) => pid !== null);
}

/** A process and all its ancestors. */
export async function lineage(pid: number): Promise<ReadonlySet<number>> {
  const line = new Set<number>();
  for (let next = pid; next > 0 && !line.has(next); ) {
    line.add(next);
    next = Number(/^PPid:\s+(\d+)$/m.exec(await status(next))?.[1] ?? 0);
  }
  return line;
}

/** The first process of a host: number 1 in the innermost of its process namespaces. */
export async function firstProcess(processes: readonly LabProcess[], host: string): Promise<number | null> {
  const payload = `host-${host}/payload`;
  for (const { pid, group } of processes) {
    if (group !== payload && !group.startsWith(`${payload}/`)) continue;
    const numbers = /^NSpid:\s+(.*)$/m.exec(await status(pid))?.[1]?.split(/\s+/) ?? [];
    if (numbers.length > 1 && numbers.at(-1) === '1') return pid;
  }
  return null;
}

/** When a process started, in clock ticks since the machine's boot; null when there is no such process. */
export async function startTicks(pid: number): Promise<number | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (text === null) return null;
  // The name in parentheses may hold anything, so count from its end: field 22 is the 20th after it.
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[19]);
}

/** Seconds since a process started; null when there is no such process. */
export async function ageSeconds(pid: number): Promise<number | null> {
  const ticks = await startTicks(pid);
  const uptime = Number((await readFile('/proc/uptime', 'utf8')).split(' ')[0]);
  return ticks === null ? null : Math.max(0, Math.round((uptime - ticks / ticksPerSecond) * 10) / 10);
}

// USER_HZ: fixed by the kernel's ABI on every architecture that Debian and Ubuntu run on.
const ticksPerSecond = 100;

async function groupOf(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
  return /^0::(.*)$/m.exec(text)?.[1] ?? null;
}

/** Ended, and waiting for its parent to reap it. */
const isZombie = async (pid: number): Promise<boolean> => /^State:\s+[ZX]/m.test(await status(pid));

const status = (pid: number): Promise<string> => readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');

async function allPids(): Promise<readonly number[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
}
