/** Files of a daemon as a set: staged, judged by the daemon that will read them, swapped in by rename. As sh. */

import type { Action, FileWrite } from '../model/action.ts';
import type { FileWant } from '../model/desired.ts';
import type { Service } from '../model/domain.ts';
import { stateDirectory, unreadMark } from '../model/layout.ts';
import type { RemoteJob } from './remote-job.ts';
import { beforeConfigTests } from './config-test.ts';
import { recording } from './recording.ts';
import { quote } from '../base/quote.ts';

/** Exit status of a write script that found another file than the plan was made from. */
export const staleStatus = 75;
/** Exit status of a configuration test that could not be made. */
export const unstagedStatus = 74;

const minute = 60_000;
const stageRoot = `${stateDirectory}/stage`;

/** Where a set of files is judged before it takes the place of the one in use. */
export const stageOf = (name: Service): string => `${stageRoot}/${name}`;

/** The bytes of all files that are to be written, one after the other, for stdin. */
export const stream = (files: readonly (FileWrite | FileWant)[]): Uint8Array =>
  Buffer.concat(files.map((file) => (file.bytes === 'absent' ? new Uint8Array() : file.bytes)));

/**
 * Puts the whole set under a directory of its own, with its absolute paths pointing into it, and lets
 * the daemon that will read it judge it. Prints what the daemon says; its exit status is the script's.
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
  const put = files.map((file) => {
    const path = quote(`${stage}${file.path}`);
    return `mkdir -p "$(dirname ${path})"
( umask 077; head -c ${file.bytes.length} > ${path} ) || { echo ${path} >&2; exit 1; }
[ "$(stat -c %s ${path})" = ${file.bytes.length} ]
chmod ${file.mode.toString(8)} ${path}
chown ${quote(file.owner)} ${path}`;
  });
  const entry = quote(`${stage}${action.entry}`);
  const beside = quote(action.entry.replace(/[^/]+$/, ''));
  const binary = quote(action.binary);
  const test =
    action.service === 'nginx'
      ? `${binary} -t -c ${entry} 2>&1`
      : // -e is known from 2.2.0 on. 2.2.5 to 2.2.7 end themselves with SIGTERM (143) when a script user is set.
        // What sh says about that would look like a complaint.
        `${beforeConfigTests(binary)}
judge() { { said=$(${binary} $strict -t -f "$1" 2>&1); status=$?; } 2>/dev/null; }
strict=-e; judge ${entry}
case $said in *"nknown option"*|*"nvalid option"*) strict=; judge ${entry} ;; esac
if [ "$status" = 143 ]; then
  ( umask 077; sed 's/^\\( *script_user\\) .*/\\1 root/' ${entry} > ${entry}.root )
  judge ${entry}.root
fi
printf '%s\\n' "$said"; exit "$status"`;
  return {
    // What fails before the test says nothing about the configuration.
    script: `set -e
tested=
trap 'status=$?; rm -rf ${stage}; [ "$tested" ] || status=${unstagedStatus}; exit "$status"' EXIT
umask 077
rm -rf ${stage}
mkdir -p ${stage}
chmod 755 ${stateDirectory} ${stageRoot} ${stage}
umask 022
${put.join('\n')}
${
  // Files that the set does not bring (mime.types) are read from where they are installed.
  action.service === 'nginx'
    ? `for f in ${beside}*; do if [ -f "$f" ] && [ ! -e ${stage}"$f" ]; then cp -p "$f" ${stage}"$f"; fi; done`
    : ''
}
set +e
tested=1
${test}`,
    stdin: stream(files),
    timeoutMs: minute,
    failure: 'COMMAND_FAILED',
    what: `staging the ${action.service} configuration`,
  };
}

/** Swaps the tested files in by rename. */
export function swapSet(action: Extract<Action, { readonly do: 'write' }>): RemoteJob {
  return {
    script: `set -e\n${swap(action.files, markUnread(action))}`,
    stdin: stream(action.files),
    timeoutMs: minute,
    failure: 'COMMAND_FAILED',
    what: `writing the ${action.service} configuration`,
  };
}

/** With what the daemon still runs: of several swaps that it has not read, the first one tells. */
function markUnread(action: Extract<Action, { readonly do: 'write' }>): string {
  const [mark, entry] = [quote(unreadMark(action.service)), quote(action.entry)];
  return `[ -e ${mark} ] || { ( umask 077; if [ -f ${entry} ]; then cat ${entry}; fi > ${mark}.new ); mv -f ${mark}.new ${mark}; }`;
}

/**
 * Every file is first written beside its target and synced: what can fail (a full disk, a host that
 * has moved on) fails before the first rename.
 */
export function swap(files: readonly FileWrite[], aboutToSwap = ':'): string {
  const lines: string[] = [];
  for (const file of files) {
    const path = quote(file.path);
    if (file.expect === 'any') continue;
    lines.push(
      file.expect === 'absent'
        ? `[ ! -e ${path} ] || { echo ${quote(`${file.path} appeared since the plan was made`)} >&2; exit ${staleStatus}; }`
        : `[ "$(sha256sum ${path} 2>/dev/null | cut -d' ' -f1)" = ${file.expect} ] || { echo ${quote(`${file.path} changed since the plan was made`)} >&2; exit ${staleStatus}; }`,
    );
  }
  const written = files.flatMap((file) => (file.bytes === 'absent' ? [] : [{ ...file, bytes: file.bytes }]));
  const fresh = (path: string): string => quote(`${path}.haup-new`);
  lines.push(recording, `trap ${quote(`rm -f ${written.map((file) => fresh(file.path)).join(' ')}`)} EXIT`);
  for (const file of written) {
    lines.push(
      `directory "$(dirname ${quote(file.path)})"`,
      `( umask 077; { ${file.from === undefined ? '' : `cat ${quote(file.from)} && `}head -c ${file.bytes.length}; } > ${fresh(file.path)} ) || { echo ${fresh(file.path)} >&2; exit 1; }`,
      `[ "$(stat -c %s ${fresh(file.path)})" = ${sizeOf(file.from, file.bytes)} ]`,
      `chown ${quote(file.owner)} ${fresh(file.path)}; chmod ${file.mode.toString(8)} ${fresh(file.path)}`,
      // A new file beside the old one has the directory's label; the target's own is what SELinux wants.
      `if command -v restorecon >/dev/null; then chcon --reference=${quote(file.path)} ${fresh(file.path)} 2>/dev/null || true; fi`,
    );
  }
  if (written.length > 0)
    lines.push(`sync ${written.map((file) => fresh(file.path)).join(' ')} 2>/dev/null || sync`);
  lines.push(aboutToSwap);
  for (const file of written) lines.push(`keep ${quote(file.path)} ${fresh(file.path)}`);
  for (const file of written) {
    const path = quote(file.path);
    lines.push(
      `if [ -e ${path} ]; then mv -f ${fresh(file.path)} ${path}; else mv -f ${fresh(file.path)} ${path}; label ${path}; fi`,
    );
  }
  for (const file of written) lines.push(`kept ${quote(file.path)}`);
  for (const file of files) if (file.bytes === 'absent') lines.push(`give_back ${quote(file.path)}`);
  return lines.join('\n');
}

const sizeOf = (from: string | undefined, bytes: Uint8Array): string =>
  from === undefined ? `${bytes.length}` : `$(($(stat -c %s ${quote(from)}) + ${bytes.length}))`;
