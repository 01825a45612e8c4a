import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished, TestRunner } from 'vitest';

/** A new directory, removed after the test; or if there is none yet, after those of its file or `describe`. */
export function scratchDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'haup-test-'));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  if (TestRunner.getCurrentTest() === undefined) afterAll(remove);
  else onTestFinished(remove);
  return directory;
}

/** An executable script of sh, in place of a program that a test must not run. */
export const putProgram = (path: string, text: string): void =>
  writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
