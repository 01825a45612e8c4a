/** Files of a daemon as a set: staged, judged by the daemon that will read them, swapped in by rename. */

import type { Action, FileWrite } from '../model/action.ts';
import type { FileWant } from '../model/desired.ts';
import type { Service } from '../model/domain.ts';
import { stateDirectory, unreadMark } from '../model/layout.ts';
import { hostScript } from '../base/host-script.ts';
import type { RemoteJob } from './remote-job.ts';

/** Exit status of a write script that found another file than the plan was made from. */
export const staleStatus = 75;
/** Exit status of a configuration test that could not be made. */
export const unstagedStatus = 74;

const minute = 60_000;

/** Where a set of files is tested before it replaces the one in use. */
export const stageOf = (name: Service): string => `${stateDirectory}/stage/${name}`;

/** The bytes of all files that are to be written, one after the other, for stdin. */
const stream = (files: readonly (FileWrite | FileWant)[]): Uint8Array =>
  Buffer.concat(files.map((file) => (file.bytes === 'absent' ? new Uint8Array() : file.bytes)));

/** Files as swap.sh takes them. */
const words = (files: readonly FileWrite[]): readonly string[] =>
  files.flatMap((file) => [
    file.expect,
    file.path,
    file.mode.toString(8),
    file.owner,
    file.bytes === 'absent' ? 'absent' : `${file.bytes.length}`,
    file.from ?? '',
  ]);

/**
 * Puts the whole set under a directory of its own, with its absolute paths pointing into it, and lets
 * the daemon that will read it test it. Prints what the daemon says; its exit status is the script's.
 */
export function stageAndTest(action: Extract<Action, { readonly do: 'write' }>): RemoteJob {
  const stage = stageOf(action.service);
  const inside = (text: string): string =>
    [...new Set(action.testing.map((file) => file.path.replace(/[^/]+$/, '')))]
      // Longest first, so that /a/b/ is not half replaced by /a/.
      .sort((a, b) => b.length - a.length)
      .reduce((all, directory) => all.replaceAll(directory, `\u0000${directory}`), text)
      .replaceAll(/\u0000+/g, stage);
  const files = action.testing.map((file) => ({
    ...file,
    bytes: Buffer.from(inside(Buffer.from(file.bytes).toString('utf8'))),
  }));
  return {
    script: hostScript(
      action.service === 'nginx' ? 'test-nginx' : 'test-keepalived',
      { stage, unstaged_status: unstagedStatus, binary: action.binary, entry: action.entry },
      files.flatMap(({ path, mode, owner, bytes }) => [path, mode.toString(8), owner, `${bytes.length}`]),
    ),
    stdin: stream(files),
    timeoutMs: minute,
    failure: 'COMMAND_FAILED',
    what: `staging the ${action.service} configuration`,
  };
}

/** Swaps the tested files in by rename. */
export const swapSet = (action: Extract<Action, { readonly do: 'write' }>): RemoteJob => ({
  script: hostScript(
    'swap-set',
    { stale_status: staleStatus, unread_mark: unreadMark(action.service), entry: action.entry },
    words(action.files),
  ),
  stdin: stream(action.files),
  timeoutMs: minute,
  failure: 'COMMAND_FAILED',
  what: `writing the ${action.service} configuration`,
});

export const writeUnit = ({ file }: Extract<Action, { readonly do: 'write-unit' }>): RemoteJob => ({
  script: hostScript('write-unit', { stale_status: staleStatus }, words([file])),
  stdin: stream([file]),
  timeoutMs: minute,
  failure: 'COMMAND_FAILED',
  what: `writing ${file.path}`,
});

export const putFiles = ({ files }: Extract<Action, { readonly do: 'put-files' }>): RemoteJob => ({
  script: hostScript('put-files', { stale_status: staleStatus }, words(files)),
  stdin: stream(files),
  timeoutMs: minute,
  failure: 'COMMAND_FAILED',
  what: `writing ${files.map(({ path }) => path).join(', ')}`,
});
