/**
 * VRIDs that VIPs take over from each other. keepalived takes a VRID for an instance whatever its addresses are
 * (vrrp_exist in vrrp.c), and a host that is to hear one VIP hears the other: no host would have either. So a
 * VIP that has what another is to have goes first, to its own VRID where that is free, else to one that no one
 * has; when all hosts know that, the rest follows. Pure.
 */

import type { FileWant } from '../model/desired.ts';
import type { HostName } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import { unreadMark } from '../model/layout.ts';
import type { Action } from '../model/action.ts';
import type { Change } from '../model/plan.ts';
import type { HostDiff } from './diff-host.ts';
import { digestOf, factOf, textDiff } from './file-changes.ts';
import { restarts } from './hand-over.ts';
import { keepalivedTexts } from './simultaneous.ts';
import { firstIds, type Ids, idsOf } from './router-ids.ts';
import { withRouterIds, writtenInstances } from './vrrp-text.ts';

/** What is changed before, and what then: the hosts are as the first changes leave them. */
export interface Phases {
  readonly before: ReadonlyMap<HostName, HostDiff>;
  readonly after: ReadonlyMap<HostName, HostDiff>;
  readonly between: ReadonlyMap<HostName, HostFacts>;
}

/** Null: no VIP waits for another. `reserved`: VRIDs that are taken, or will be, by whomever. */
export function byWay(
  hosts: readonly HostName[],
  diffs: ReadonlyMap<HostName, HostDiff>,
  have: ReadonlyMap<HostName, HostFacts>,
  entry: (host: HostName) => string,
  reserved: ReadonlySet<number>,
): Phases | null {
  const changing = hosts.flatMap((host) => {
    const texts = keepalivedTexts(diffs.get(host), have.get(host), entry(host));
    if (texts === null || have.get(host)?.services.keepalived.active !== 'active') return [];
    return [{ now: writtenInstances(texts.now), next: writtenInstances(texts.next), text: texts.next }];
  });
  // One that is alone keeps what it holds whatever VRIDs it has.
  if (changing.length < 2) return null;
  const now = idsOf(changing.flatMap((texts) => texts.now));
  const next = idsOf(changing.flatMap((texts) => texts.next));
  const ids = firstIds(now, next, reserved);
  if (ids === null) return null;

  const written = changing.map(({ text }) => withRouterIds(text, ids));
  // Hosts of which one would go another way do not hear each other.
  if (written.includes(null)) return null;
  const before = new Map(diffs);
  const after = new Map<HostName, HostDiff>();
  const between = new Map(have);
  for (const host of hosts) {
    const [diff, facts] = [diffs.get(host), have.get(host)];
    if (diff === undefined || facts === undefined) continue;
    const divided = divide(diff, facts, entry(host), ids, next);
    if (divided === null) continue;
    before.set(host, divided.before);
    after.set(host, divided.after);
    between.set(host, divided.between);
  }
  return { before, after, between };
}

function divide(
  diff: HostDiff,
  have: HostFacts,
  entry: string,
  ids: ReadonlyMap<string, number>,
  next: Ids,
): { readonly before: HostDiff; readonly after: HostDiff; readonly between: HostFacts } | null {
  const change = diff.change.find(({ kind, service }) => kind === 'config' && service === 'keepalived');
  const write = change?.actions.find((action) => action.do === 'write');
  const last = write?.testing.find(({ path }) => path === entry);
  if (change === undefined || write === undefined || last === undefined) return null;
  const text = withRouterIds(Buffer.from(last.bytes).toString('utf8'), ids);
  if (text === null || Buffer.from(text).equals(last.bytes)) return null;

  const first = { ...last, bytes: Buffer.from(text) };
  const written = factOf(first);
  const expect = digestOf(have.files[entry]);
  const same = expect === digestOf(written);
  const rest = write.files.filter(({ path }) => path !== entry);
  const skipped = same && rest.length === 0 && !have.unread.includes('keepalived');
  const way: Change = {
    ...change,
    why: `${change.why}; by way of VRIDs that are free: ${waysOf(ids, next, text).join(', ')}`,
    actions: change.actions.map((action) => (action === write ? writing(write, first, expect) : action)),
    undo: (change.undo ?? []).map((action) =>
      action.do === 'write' ? expecting(action, entry, digestOf(written)) : action,
    ),
    diffs: [
      ...(same ? [] : [textDiff(first, have.files[entry])]),
      ...change.diffs.filter(({ path }) => path !== entry),
    ],
  };
  const then: Change = {
    id: change.id,
    kind: 'config',
    service: 'keepalived',
    title: change.title,
    why: 'the VRIDs are free now',
    actions: [only(writing(write, last, digestOf(written)), entry)],
    undo: [only(writing(write, first, digestOf(factOf(last))), entry)],
    diffs: [textDiff(last, written)],
  };
  return {
    before: {
      ...diff,
      change: skipped
        ? diff.change.filter((one) => one !== change && !onlyReloads(one))
        : diff.change.map((one) => (one === change ? way : one)),
      tidy: [],
    },
    after: { prepare: [], open: [], change: [then, reload], tidy: diff.tidy, same: [] },
    between: havingRead(have, entry, written),
  };
}

const waysOf = (ids: ReadonlyMap<string, number>, next: Ids, text: string): readonly string[] =>
  [...ids]
    .filter(([address, id]) => next.get(address)?.has(id) === false && text.includes(address))
    .map(([address, id]) => `${address} has VRID ${id} until then`);

type Write = Extract<Action, { readonly do: 'write' }>;

/** The same write with other bytes of one file. */
const writing = (write: Write, file: FileWant, expect: string): Write => ({
  ...write,
  files: [...write.files.filter(({ path }) => path !== file.path), { ...file, expect }],
  testing: [...write.testing.filter(({ path }) => path !== file.path), file],
});

const only = (write: Write, entry: string): Write => ({
  ...write,
  files: write.files.filter(({ path }) => path === entry),
});

const expecting = (write: Write, entry: string, expect: string): Write => ({
  ...write,
  files: write.files.map((file) => (file.path === entry ? { ...file, expect } : file)),
});

/** The host once its keepalived has read the file. */
function havingRead(have: HostFacts, entry: string, written: ReturnType<typeof factOf>): HostFacts {
  const { [unreadMark('keepalived')]: _read, ...files } = have.files;
  return {
    ...have,
    files: { ...files, [entry]: written },
    unread: have.unread.filter((service) => service !== 'keepalived'),
  };
}

const onlyReloads = (change: Change): boolean =>
  change.kind === 'service' &&
  change.service === 'keepalived' &&
  !restarts(change) &&
  !change.actions.some((action) => action.do === 'service' && action.verb === 'enable');

const reload: Change = {
  id: 'service:keepalived',
  kind: 'service',
  service: 'keepalived',
  title: 'reload keepalived',
  why: 'its configuration changes',
  actions: [{ do: 'service', service: 'keepalived', verb: 'reload' }],
  undo: [{ do: 'service', service: 'keepalived', verb: 'reload' }],
  diffs: [],
};
