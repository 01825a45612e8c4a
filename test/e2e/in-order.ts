import { afterEach, beforeEach } from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** Name of the test before it without which it can't be run. */
    blockedBy?: string;
  }
}

/** The tests of this file, or of this `describe`, build on each other: after one that fails, the rest is blocked by it. */
export function inOrder(): void {
  let failed: string | null = null;
  beforeEach(({ task, skip }) => {
    // One that is repeated is not blocked by itself.
    if (failed === null || failed === task.name) return;
    task.meta.blockedBy = failed;
    skip(`blocked by ${failed}`);
  });
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') failed ??= task.name;
    else if (failed === task.name) failed = null;
  });
}
