/** Files of a daemon as a set: staged, judged by the daemon that will read them, swapped in by rename. */

import type { Action, FileWrite } from '../model/action.ts';
import type { FileWant } from '../model/desired.ts';
import type { Service } from '../model/domain.ts';
import { stateDirectory, unreadMark } from '../model/layout.ts';
import { hostScript } from '../base/host-script.ts';
import { quote } from '../base/quote.ts';
import { adviceOnConfig, withLines } from './advice.ts';
import { minute, type RemoteJob } from './remote-job.ts';

/** Exit status of a write script that found another file than the plan was made from. */
export const staleStatus = 75;
/** Exit status of a set that could not be tested. */
const unstagedStatus = 74;
/** Exit status of a set that the daemon complained of. */
const refusedStatus = 76;

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

/** The whole set with its absolute paths pointing into the stage, so that the daemon reads it there. */
function staged({ service, testing }: Extract<Action, { readonly do: 'write' }>): readonly FileWant[] {
  const stage = stageOf(service);
  const inside = (text: string): string =>
    [...new Set(testing.map((file) => file.path.replace(/[^/]+$/, '')))]
      // Longest first, so that /a/b/ is not half replaced by /a/.
      .sort((a, b) => b.length - a.length)
      .reduce((all, directory) => all.replaceAll(directory, `\u0000${directory}`), text)
      .replaceAll(/\u0000+/g, stage);
  return testing.map((file) => ({
    ...file,
    bytes: Buffer.from(inside(Buffer.from(file.bytes).toString('utf8'))),
  }));
}

const testScripts = { keepalived: 'test-keepalived', nginx: 'test-nginx' } as const;

/** Tests the whole set by the daemon that will read it, and swaps in what differs: one command. */
export function writeSet(action: Extract<Action, { readonly do: 'write' }>): RemoteJob {
  const { service, binary, entry, files, testing } = action;
  const stage = staged(action);
  // On stdin too: hundreds of files are more words than a command line takes.
  const list = [
    stage.length.toString(),
    ...stage.flatMap(({ path, mode, owner, bytes }) => [path, mode.toString(8), owner, `${bytes.length}`]),
    ...words(files),
  ]
    .map(quote)
    .join(' ');
  return {
    script: hostScript([testScripts[service], 'write-set'], {
      words_size: Buffer.byteLength(list),
      unread_mark: unreadMark(service),
      stage: stageOf(service),
      entry,
      binary,
      stale_status: staleStatus,
      unstaged_status: unstagedStatus,
      refused_status: refusedStatus,
    }),
    stdin: Buffer.concat([Buffer.from(list), stream(stage), stream(files)]),
    timeoutMs: 2 * minute,
    failure: 'COMMAND_FAILED',
    what: `writing the ${service} configuration`,
    parts: { [unstagedStatus]: `staging the ${service} configuration` },
    explain: (status, output) => {
      if (status !== refusedStatus) return null;
      const complaints = [...new Set(output.split('\n').map((line) => line.trim()))].filter(Boolean);
      return {
        code: 'CONFIG_TEST_FAILED',
        message: `The ${service} configuration does not pass its test.`,
        hint: adviceOnConfig(service, complaints),
        detail: withLines(complaints.slice(0, 15), testing),
      };
    },
  };
}

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
