import { afterEach, beforeEach } from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** Name of the test before it without which it can't be run. */
    blockedBy?: string;
  }
}

/** The tests of this file, or of this `describe`, build on each other: after one that fails, the rest is blocked by it. */
export function inOrder(): void {
  // Names repeat: a soak runs a test in every round.
  let failed: { readonly id: string; readonly name: string } | null = null;
  beforeEach(({ task, skip }) => {
    // One that is repeated is not blocked by itself.
    if (failed === null || failed.id === task.id) return;
    task.meta.blockedBy = failed.name;
    skip(`blocked by ${failed.name}`);
  });
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') failed ??= task;
    else if (failed?.id === task.id) failed = null;
  });
}
