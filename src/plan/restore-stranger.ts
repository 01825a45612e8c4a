/** Brings back a daemon that ran before haup, from a kept state: files, unit, boot. Pure. */

import { sha256 } from '../base/digest.ts';
import type { Service } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import type { KeptPaths, KeptState } from '../model/kept-state.ts';
import type { Action, FileWrite, ServiceVerb } from '../model/action.ts';
import type { Change, TextDiff } from '../model/plan.ts';
import { digestOf, maskedDiff } from './file-changes.ts';
import { unitOf } from './stranger-daemons.ts';

export const strangerOf = (state: KeptState, service: Service): KeptPaths['stranger'] =>
  state.services.find((paths) => paths.service === service)?.stranger;

/** Its files, without a test by haup's programs, since they ran; then the daemon; and neither is haup's any more. */
export function restoreStranger(
  service: Service,
  { unit, enabled }: NonNullable<KeptPaths['stranger']>,
  state: KeptState,
  bytes: ReadonlyMap<string, Uint8Array>,
  have: HostFacts,
): Change {
  const own = state.services.filter((paths) => paths.service === service);
  const owned = Object.keys(have.files).filter((path) =>
    own.some(({ owns }) => owns.some((directory) => path.startsWith(`${directory}/`))),
  );
  const paths = new Set([
    ...own.flatMap((one) => [one.entry, ...one.files, one.unit, ...(one.init ?? []).map(({ path }) => path)]),
    ...owned,
  ]);
  const writes = [...paths].flatMap((path): FileWrite[] => {
    const [then, now] = [state.files[path], have.files[path]];
    const content = bytes.get(path);
    const write = { path, secret: true, expect: digestOf(now) };
    if (then?.state !== 'present' || content === undefined) {
      return now?.state === 'present' ? [{ ...write, bytes: 'absent', mode: 0, owner: 'root:root' }] : [];
    }
    const same = now?.state === 'present' && now.sha256 === then.sha256;
    if (same && now.mode === then.mode && now.owner === then.owner) return [];
    return [{ ...write, bytes: content, mode: then.mode, owner: then.owner }];
  });
  const put: Action = { do: 'put-files', files: writes };
  const revive: Action = { do: 'revive', service, unit, enabled };
  const sameUnit = unit === unitOf(service);
  const verb = (one: ServiceVerb): Action => ({ do: 'service', service, verb: one });
  // A unit of haup's ends before its file goes.
  const actions: readonly Action[] = sameUnit
    ? [put, verb('restart'), revive]
    : [verb('stop'), verb('disable'), put, revive];
  const filesBack = undoOf(writes, have);
  const undo: readonly Action[] = sameUnit
    ? [...filesBack, verb('restart')]
    : [{ do: 'retire', service, unit, enabled }, ...filesBack, verb('enable'), verb('start')];
  return {
    id: `service:${service}`,
    kind: 'service',
    service,
    title: `bring back ${unit} and its files`,
    why: `it ran ${service} before haup came, and ${enabled ? 'started' : 'did not start'} at boot`,
    actions: [...actions, { do: 'disown', service, files: [...paths] }],
    undo,
    diffs: writes.map((write): TextDiff => {
      const now = have.files[write.path];
      const after = write.bytes === 'absent' ? null : Buffer.from(write.bytes).toString('utf8');
      return maskedDiff(write.path, now?.state === 'present' ? now.text : null, after);
    }),
  };
}

/** Nothing where a file could not be read whole. */
function undoOf(writes: readonly FileWrite[], have: HostFacts): readonly Action[] {
  const files = writes.flatMap((write): FileWrite[] => {
    const now = have.files[write.path];
    if (now?.state !== 'present') return [{ ...write, bytes: 'absent', expect: 'any' }];
    const bytes = Buffer.from(now.text ?? '', 'utf8');
    if (sha256(bytes) !== now.sha256) return [];
    return [{ ...write, bytes, mode: now.mode, owner: now.owner, expect: 'any' }];
  });
  return files.length < writes.length ? [] : [{ do: 'put-files', files }];
}
