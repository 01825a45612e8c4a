import { readFileSync } from 'node:fs';

/** Kills the `haup apply`, `rollback` or `verify` that runs somewhere below a process, not the `lab exec` around it. */
export async function killInner(outer: number, signal: NodeJS.Signals): Promise<void> {
  const children = (pid: number): number[] => {
    try {
      return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
        .trim()
        .split(' ')
        .filter(Boolean)
        .map(Number);
    } catch {
      return [];
    }
  };
  const tree = (pid: number): number[] => [pid, ...children(pid).flatMap(tree)];
  const haups = tree(outer).filter((pid) => {
    try {
      return /bin\.js\0(apply|rollback|verify)\0/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    } catch {
      return false;
    }
  });
  const inner = haups.at(-1);
  if (inner !== undefined) process.kill(inner, signal);
}
