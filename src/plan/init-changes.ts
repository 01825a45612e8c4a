/** Registered by an init script: what differs of it and its settings, and the write that mends it. Pure. */

import type { FileWant, Resource } from '../model/desired.ts';
import type { HostFacts } from '../model/facts.ts';
import type { FileWrite } from '../model/action.ts';
import type { Change } from '../model/plan.ts';
import { digestOf, equal, reason, textDiff } from './file-changes.ts';

/** `rebuilt`: the files come from a build that is still to run, so they are not known yet. */
export function diffInit(
  { service, files }: Extract<Resource, { kind: 'init' }>,
  have: HostFacts,
  rebuilt: boolean,
): Change | string {
  const writes: FileWrite[] = [];
  const undo: FileWrite[] = [];
  const reasons: string[] = [];
  const diffs: Change['diffs'][number][] = [];
  for (const file of files) {
    const fact = have.files[file.path];
    const whole = rebuilt ? null : wholeOf(file, have);
    if (whole !== null && equal(whole, fact)) continue;
    // A build may bring a sample of the settings, which is not there when the plan is made.
    const expect = rebuilt && fact?.state !== 'present' ? 'any' : digestOf(fact);
    writes.push({ ...file, expect });
    reasons.push(
      `${file.path} ${whole === null && fact?.state === 'present' ? 'comes with the build' : reason(file, fact)}`,
    );
    if (whole !== null) diffs.push(textDiff(whole, fact));
    // What was there before haup came is kept on the host, and comes back.
    const before =
      fact?.state === 'present' && have.record.files.includes(file.path) && fact.text !== null
        ? { bytes: Buffer.from(fact.text, 'utf8'), mode: fact.mode, owner: fact.owner }
        : { bytes: 'absent' as const, mode: 0, owner: 'root:root' };
    undo.push({ path: file.path, ...before, secret: false, expect: 'any' });
  }
  if (writes.length === 0) return `init script of ${service}: as in the source tree`;
  return {
    id: `init:${service}`,
    kind: 'init',
    service,
    title: `register ${service} by its init script`,
    why: reasons.join('; '),
    actions: [{ do: 'put-files', files: writes }],
    undo: [{ do: 'put-files', files: undo }],
    diffs,
  };
}

/** With the content that comes out of another file of the host; null: that is not there. */
function wholeOf({ from, ...file }: FileWant, { files }: HostFacts): FileWant | null {
  if (from === undefined) return file;
  const fact = files[from];
  if (fact?.state !== 'present' || fact.text === null) return null;
  return { ...file, bytes: Buffer.concat([Buffer.from(fact.text, 'utf8'), file.bytes]) };
}
