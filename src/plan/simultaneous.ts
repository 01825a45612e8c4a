/**
 * Changes that members must make at the same moment, because hosts that disagree do not hear each other:
 * keepalived drops adverts of another version, password, address list or transport, and in version 2 of
 * another interval (vrrp_check_packet in keepalived's vrrp.c). Pure.
 */

import type { HostName, Vip } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import { HaupError } from '../model/errors.ts';
import type { Action } from '../model/action.ts';
import type { SimultaneousReason } from '../model/plan.ts';
import type { HostDiff } from './diff-host.ts';
import { runningText } from '../cluster/can-drain.ts';
import { goingFirst, restarts } from './hand-over.ts';
import type { SimultaneousChange } from './simultaneous-change.ts';
import { type WrittenInstance, writtenInstances } from './vrrp-text.ts';

export interface SimultaneousContext {
  /** Whether a host can be drained. */
  readonly able: (host: HostName) => boolean;
  /** The configuration that its keepalived reads. */
  readonly entry: (host: HostName) => string;
}

/** Null: every host may change when its turn comes. Throws USAGE when a member is needed that is not there. */
export function simultaneousChange(
  cluster: readonly HostName[],
  diffs: ReadonlyMap<HostName, HostDiff>,
  have: ReadonlyMap<HostName, HostFacts>,
  vips: readonly Vip[],
  { able, entry }: SimultaneousContext,
): SimultaneousChange | null {
  const speaking = cluster.filter((host) => have.get(host)?.services.keepalived.active === 'active');
  const split = new Map<string, { readonly hosts: HostName[]; readonly found: Difference[] }>();
  for (const host of speaking) {
    for (const found of differencesOf(diffs.get(host), have.get(host), entry(host))) {
      const both = split.get(found.address) ?? { hosts: [], found: [] };
      if (!both.hosts.includes(host)) both.hosts.push(host);
      both.found.push(found);
      split.set(found.address, both);
    }
  }
  for (const [address, { found }] of split) {
    const absent = vips
      .filter((vip) => vip.address.address === address)
      .flatMap(({ members }) => members.map(({ host }) => host))
      .filter((host) => !have.has(host));
    if (absent.length > 0) throw missing(address, found, absent);
  }
  // Where one host alone differs, its change brings it back to the others.
  const shared = [...split.values()].filter(({ hosts }) => hosts.length > 1);
  if (shared.length > 0) {
    const hosts = cluster.filter((host) => shared.some((one) => one.hosts.includes(host)));
    const found = shared.flatMap((one) => one.found);
    const forgotten = [...new Set(found.flatMap((one) => (one.forgets ? [one.address] : [])))];
    const sharing = forgotten.map((address) => split.get(address)?.hosts ?? []);
    const first = forgotten.length === 0 ? [] : goingFirst(hosts, sharing, have, vips, able);
    const slowest = Math.max(...found.map(({ after }) => downTime({ ...after, priority: 1 })));
    const soonest = Math.min(...found.map(({ after }) => 3 * after.advertInt));
    return {
      hosts,
      first,
      forgotten,
      takeoverMs: slowest * 1000,
      untakenMs: soonest * 1000,
      together: announce(found, hosts, first),
    };
  }
  return null;
}

interface Difference {
  readonly address: string;
  readonly what: string;
  /** keepalived takes it for another instance: it drops the address and begins anew. */
  readonly forgets: boolean;
  readonly before: WrittenInstance;
  readonly after: WrittenInstance;
}

function differencesOf(
  diff: HostDiff | undefined,
  have: HostFacts | undefined,
  entry: string,
): readonly Difference[] {
  const texts = keepalivedTexts(diff, have, entry);
  if (texts === null) return [];
  const before = writtenInstances(texts.now);
  const after = writtenInstances(texts.next);
  return after.flatMap((instance) => {
    const was = before.find(({ addresses }) => addresses.some((one) => instance.addresses.includes(one)));
    return was === undefined ? [] : compare(was, instance);
  });
}

/** What keepalived runs with, and what it is to read; null: it reads nothing anew, or one of the two is not known. */
export function keepalivedTexts(
  diff: HostDiff | undefined,
  have: HostFacts | undefined,
  entry: string,
): { readonly now: string; readonly next: string } | null {
  const write = keepalivedWrite(diff);
  if (have === undefined || (write === null && !reloads(diff))) return null;
  const wanted = write?.testing.find(({ path }) => path === entry)?.bytes;
  const fact = have.files[entry];
  const next = wanted === undefined ? (fact?.state === 'present' ? fact.text : null) : Buffer.from(wanted);
  const now = runningText(have, entry);
  return now === null || next === null ? null : { now, next: next.toString('utf8') };
}

function compare(before: WrittenInstance, after: WrittenInstance): readonly Difference[] {
  const found: Difference[] = [];
  const add = (what: string, forgets = false): void => {
    const [address = ''] = after.addresses;
    found.push({ address, what, forgets, before, after });
  };
  if (before.virtualRouterId !== after.virtualRouterId)
    add(`virtual_router_id ${before.virtualRouterId} → ${after.virtualRouterId}`, true);
  if (before.version !== after.version) add(`VRRP version ${before.version} → ${after.version}`);
  else if (after.version === 2) {
    if (before.auth !== after.auth) {
      add(before.auth === null ? 'a password' : after.auth === null ? 'no password' : 'another password');
    }
    if (before.advertInt !== after.advertInt) add(`advert_int ${before.advertInt} → ${after.advertInt} s`);
  }
  if (before.unicast !== after.unicast)
    add(after.unicast ? 'multicast → unicast' : 'unicast → multicast', true);
  if (before.addresses.join() !== after.addresses.join())
    add(`addresses ${before.addresses.join(', ')} → ${after.addresses.join(', ')}`);
  return found;
}

function announce(
  found: readonly Difference[],
  hosts: readonly HostName[],
  first: readonly HostName[],
): SimultaneousReason {
  const whats = new Map<string, Set<string>>();
  for (const { what, address } of found) whats.set(what, (whats.get(what) ?? new Set()).add(address));
  const forgotten = found.filter(({ forgets }) => forgets);
  const addresses = [...new Set(forgotten.map(({ address }) => address))].join(' and ');
  const interval = Math.min(...found.flatMap(({ before, after }) => [before.advertInt, after.advertInt]));
  const others = hosts.filter((host) => !first.includes(host)).join(' and ');
  const expect = ((): string => {
    if (forgotten.length === 0) {
      return `No request is lost and no VIP moves: they read it in the same moment, and a backup waits at least ${seconds(2 * interval)}.`;
    }
    if (first.length > 0) {
      return `No outage: ${first.join(' and ')} takes ${addresses} while ${others} still has it, for about 2 s, and gives it back.`;
    }
    // Of each VIP, the host with the highest priority is the first whose time is up.
    const soonest = forgotten.map(({ address }) =>
      Math.min(...forgotten.flatMap((one) => (one.address === address ? [downTime(one.after)] : []))),
    );
    const longest = Math.max(...soonest);
    return `No host holds ${addresses} for up to ${seconds(longest)}: keepalived gives it up and takes it again.`;
  })();
  return { why: [...whats].map(([what, on]) => `${[...on].join(' and ')}: ${what}`), expect };
}

/** Three adverts and the skew, RFC 3768 and 5798 section 6.1. */
function downTime({ advertInt, version, priority }: WrittenInstance): number {
  return 3 * advertInt + ((256 - priority) / 256) * (version === 3 ? advertInt : 1);
}

const seconds = (value: number): string => `${Number(value.toFixed(2))} s`;

function missing(address: string, found: readonly Difference[], absent: readonly HostName[]): HaupError {
  return new HaupError(
    'USAGE',
    `${address}: ${[...new Set(found.map(({ what }) => what))].join(', ')}. All its hosts must change at the same moment, and ${absent.join(' and ')} ${absent.length === 1 ? 'is' : 'are'} left out.`,
    {
      hint: 'Run it for all of them: hosts that disagree do not hear each other, and both would hold the VIP.',
    },
  );
}

const reloads = (diff: HostDiff | undefined): boolean =>
  diff?.change.some(
    (change) => change.kind === 'service' && change.service === 'keepalived' && !restarts(change),
  ) === true;

/** The files of keepalived that a host is to get. */
export function keepalivedWrite(
  diff: HostDiff | undefined,
): Extract<Action, { readonly do: 'write' }> | null {
  for (const action of diff?.change.flatMap(({ actions }) => actions) ?? []) {
    if (action.do === 'write' && action.service === 'keepalived') return action;
  }
  return null;
}

// ── what must not be left behind ────────────────────────────────────────────────────────────────

/** In what hosts would disagree when each reads its keepalived.conf; null: in nothing. */
export function disagreement(configurations: ReadonlyMap<HostName, string>): string | null {
  const found = new Map<string, { readonly host: HostName; readonly instance: WrittenInstance }>();
  for (const [host, text] of configurations) {
    for (const instance of writtenInstances(text)) {
      for (const address of instance.addresses) {
        const other = found.get(address);
        const [different] = other === undefined ? [] : compare(other.instance, instance);
        if (other !== undefined && different !== undefined)
          return `${address}: ${other.host} → ${host}: ${different.what}`;
        found.set(address, { host, instance });
      }
    }
  }
  return null;
}
