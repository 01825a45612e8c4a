#!/usr/bin/env node
// Answers `--version` alone; for everything else the program is loaded, which lies beside it.
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { versionText } from './cli/version-text.ts';
import type { main as Main } from './cli/program.ts';
import { withDirectOutput } from './launch/direct-output.ts';
import { loadProgram } from './launch/load-program.ts';

/** Of package.json, and the digest of the program's files: put here by the build. */
declare const HAUP_VERSION: string;
declare const HAUP_DIGEST: string;

if (!saysVersion()) {
  const key = `${HAUP_DIGEST} ${process.version} ${process.arch}`;
  const { main } = loadProgram(join(__dirname, 'app/program.js'), key, process) as {
    readonly main: typeof Main;
  };
  const answersAtOnce = ['render', 'help', '--help', '-h'].includes(process.argv[2] ?? '--help');
  void main(answersAtOnce ? withDirectOutput(process) : process).then((code) => {
    process.exitCode = code;
  });
}

/** False: something else was asked for, or there is more to say about stdout than that it works. */
function saysVersion(): boolean {
  const [, , option, ...more] = process.argv;
  if (more.length > 0 || (option !== '--version' && option !== '-V')) return false;
  try {
    writeSync(1, `${versionText(HAUP_VERSION, process)}\n`);
    return true;
  } catch {
    return false;
  }
}
