import type { HostName, Vip, Vrrp } from '../../src/model/domain.ts';
import type { Action } from '../../src/model/action.ts';
import { masterDownMs, skewMs } from '../../src/measure/bounds.ts';
import type { AddressEvent } from '../../src/measure/tenures.ts';
import type { DrillEnvironment } from '../../src/move/watch-move.ts';
import type { ConnectionFates } from '../../src/measure/hold-connections.ts';
import type { Sample } from '../../src/measure/outage.ts';

/** What goes wrong in a run; nothing: keepalived and nginx as they should be. */
export interface Trouble {
  /** Milliseconds on top of the skew. */
  readonly slowTakeover?: number;
  readonly nobodyTakesOver?: boolean;
  readonly neverComesBack?: boolean;
  /** The new holder of a move gets the VIP, and the old one keeps it. */
  readonly splitBrain?: boolean;
  /** Who answers on the VIP whatever the kernels say. */
  readonly answers?: HostName;
  /** Requests sent within this many milliseconds after a move without a break are lost all the same. */
  readonly lossyFailback?: number;
  /** Requests sent within this many milliseconds after a move without a break are answered on a second connection only. */
  readonly cutFailback?: number;
  /** A host that is rebooted stays away. */
  readonly neverBoots?: boolean;
  /** It takes its VIPs back before it is watched again. */
  readonly backUnseen?: boolean;
  /** What does not run after a boot. */
  readonly down?: string;
  /** Whether an action fails. */
  readonly fails?: (action: Action, count: number) => Error | null;
  /** What to do at a moment, in milliseconds from the start. */
  readonly at?: { readonly ms: number; readonly run: () => void };
}

export interface FakeEnvironment extends DrillEnvironment {
  readonly acted: readonly { readonly host: HostName; readonly action: Action }[];
  readonly said: readonly string[];
  /** Samplers that were begun and not ended. */
  readonly sampling: () => number;
}

/**
 * A pair of hosts and a client in memory, on a clock that moves only when somebody sleeps: VRRP by its
 * own arithmetic, every request answered after a millisecond by whoever has the VIP.
 */
export function fakeEnvironment(vips: readonly Vip[], vrrp: Vrrp, trouble: Trouble = {}): FakeEnvironment {
  let ms = 0;
  const stopped = new Set<HostName>();
  const drained = new Set<HostName>();
  /** Hosts whose nginx answers nothing. */
  const mute = new Set<HostName>();
  const acted: { host: HostName; action: Action }[] = [];
  const said: string[] = [];
  const events: AddressEvent[] = [];
  const holders = new Map<string, Set<HostName>>();
  const lossyUntil = new Map<string, number>();
  const cutUntil = new Map<string, number>();
  let pending: { readonly at: number; readonly run: () => void }[] =
    trouble.at === undefined ? [] : [{ at: trouble.at.ms, run: trouble.at.run }];
  const samplers = new Set<{
    readonly addresses: readonly string[];
    readonly ended: Map<string, Sample[]>;
    nextAt: number;
  }>();

  let cutAt = 0;
  const hold = (address: string, host: HostName, held: boolean, at = ms): void => {
    const now = holders.get(address) ?? new Set();
    if (now.has(host) === held) return;
    if (held) now.add(host);
    else now.delete(host);
    holders.set(address, now);
    events.push({ at, host, address, held });
  };
  const later = (after: number, run: () => void): void => void pending.push({ at: ms + after, run });
  const ranked = (vip: Vip): readonly (Vip['members'][number] & { effective: number })[] =>
    vip.members
      .filter(({ host }) => !stopped.has(host))
      .map((member) => ({ ...member, effective: drained.has(member.host) ? 1 : member.priority }))
      .toSorted((a, b) => b.effective - a.effective);
  /** VRRP's answer to something that has changed. */
  const elect = (): void => {
    for (const vip of vips) {
      const address = vip.address.address;
      const [best] = ranked(vip);
      const holding = [...(holders.get(address) ?? [])];
      for (const host of holding) if (stopped.has(host)) later(20, () => hold(address, host, false));
      if (best === undefined || holding.includes(best.host)) continue;
      const orphaned = holding.every((host) => stopped.has(host));
      if (orphaned ? trouble.nobodyTakesOver : trouble.neverComesBack) continue;
      const wait = orphaned
        ? 20 + skewMs(vrrp, vip.advertInt, best.effective) + (trouble.slowTakeover ?? 0)
        : masterDownMs(vrrp, vip.advertInt, best.effective);
      later(wait, () => {
        if (ranked(vip)[0]?.host !== best.host) return;
        hold(address, best.host, true);
        if (!orphaned && trouble.lossyFailback !== undefined)
          lossyUntil.set(address, ms + trouble.lossyFailback);
        if (!orphaned && trouble.cutFailback !== undefined) cutUntil.set(address, ms + trouble.cutFailback);
        if (trouble.splitBrain === true && !orphaned) return;
        for (const host of holders.get(address) ?? []) if (host !== best.host) hold(address, host, false);
      });
    }
  };
  for (const vip of vips) hold(vip.address.address, vip.members[0].host, true);

  /** The unit takes its VIPs away at once and starts keepalived again a second later. */
  const crash = (host: HostName): void => {
    for (const vip of vips) {
      const address = vip.address.address;
      const second = ranked(vip).find((one) => one.host !== host);
      if (!(holders.get(address)?.has(host) ?? false) || second === undefined) continue;
      later(30, () => hold(address, host, false));
      const takenMs = masterDownMs(vrrp, vip.advertInt, second.effective) - 300;
      if (trouble.nobodyTakesOver !== true) later(takenMs, () => hold(address, second.host, true));
      if (trouble.neverComesBack === true) continue;
      later(takenMs + 1200, () => {
        hold(address, host, true);
        hold(address, second.host, false);
      });
    }
  };

  /** Its peer hears nothing and takes the VIP too; hearing again, it gives up. */
  const block = (host: HostName, off: boolean): void => {
    for (const vip of vips) {
      const address = vip.address.address;
      const second = ranked(vip).find((one) => one.host !== host);
      if (!(holders.get(address)?.has(host) ?? false) || second === undefined) continue;
      later(off ? masterDownMs(vrrp, vip.advertInt, second.effective) - 300 : 400, () =>
        hold(address, second.host, off && trouble.nobodyTakesOver !== true),
      );
    }
  };
  /** It hears nothing and takes the VIPs of others too. */
  const deafen = (host: HostName, off: boolean): void => {
    for (const vip of vips) {
      const address = vip.address.address;
      const own = ranked(vip).find((one) => one.host === host);
      if (own === undefined || ranked(vip)[0]?.host === host) continue;
      later(off ? masterDownMs(vrrp, vip.advertInt, own.effective) - 300 : 400, () =>
        hold(address, host, off),
      );
    }
  };
  /** What its kernel does meanwhile is heard when the link is up again. */
  const cut = (host: HostName, off: boolean): void => {
    if (off) {
      cutAt = ms;
      mute.add(host);
    }
    for (const vip of vips) {
      const address = vip.address.address;
      const second = ranked(vip).find((one) => one.host !== host);
      const own = ranked(vip).find((one) => one.host === host);
      if (!(holders.get(address)?.has(host) ?? false) || second === undefined || own === undefined) continue;
      if (off) {
        later(masterDownMs(vrrp, vip.advertInt, second.effective) - 300, () => {
          mute.delete(host);
          hold(address, second.host, true);
        });
        continue;
      }
      hold(address, host, false, cutAt);
      later(masterDownMs(vrrp, vip.advertInt, own.effective), () => {
        hold(address, host, true);
        hold(address, second.host, false);
      });
    }
  };

  const ask = (address: string): Sample => {
    const host = trouble.answers ?? [...(holders.get(address) ?? [])].at(-1) ?? null;
    const served = host !== null && !mute.has(host) && !(ms < (lossyUntil.get(address) ?? -1));
    const retried = ms < (cutUntil.get(address) ?? -1);
    return served
      ? { sentAt: ms, answeredAt: ms + 1, status: 200, host, retried, error: retried ? 'ECONNRESET' : null }
      : { sentAt: ms, answeredAt: null, status: null, host: null, retried: false, error: 'timeout' };
  };
  const advance = (by: number): void => {
    const to = ms + by;
    while (ms < to) {
      ms = Math.min(to, ms + 1);
      const due = pending.filter(({ at }) => at <= ms);
      pending = pending.filter(({ at }) => at > ms);
      for (const { run } of due) run();
      for (const sampler of samplers) {
        if (ms < sampler.nextAt) continue;
        sampler.nextAt = ms + 5;
        for (const address of sampler.addresses) sampler.ended.get(address)?.push(ask(address));
      }
    }
  };

  const act = (host: HostName, action: Action): void => {
    acted.push({ host, action });
    advance(15);
    const error = trouble.fails?.(action, acted.length);
    if (error !== null && error !== undefined) throw error;
    const fault = 'fault' in action ? action.fault.kind : action.do === 'service' ? 'stop' : 'drain';
    const off =
      action.do === 'break' || action.do === 'drain' || (action.do === 'service' && action.verb === 'stop');
    if (fault.startsWith('vrrp-block')) {
      if (fault !== 'vrrp-block-in') block(host, off);
      if (fault !== 'vrrp-block-out') deafen(host, off);
      return;
    }
    if (fault === 'reboot') {
      stopped.add(host);
      elect();
      return;
    }
    if (fault === 'link') {
      cut(host, off);
      return;
    }
    if (fault === 'crash') {
      if (off) crash(host);
      return;
    }
    if (fault === 'nginx' || fault === 'hang') {
      const { interval, timeout, fall, rise } = vrrp.check;
      const detectMs = 1000 * (fall * interval + (fault === 'hang' ? timeout : 0)) - 200;
      if (off) mute.add(host);
      else mute.delete(host);
      later(off ? detectMs : rise * interval * 1000, () => {
        if (off) stopped.add(host);
        else stopped.delete(host);
        elect();
      });
      return;
    }
    const set = fault === 'stop' ? stopped : drained;
    if (off) set.add(host);
    else set.delete(host);
    elect();
  };

  return {
    acted,
    said,
    sampling: () => samplers.size,
    now: () => ms,
    sleep: async (by, signal) => {
      signal.throwIfAborted();
      advance(by);
      await Promise.resolve();
      signal.throwIfAborted();
    },
    sample: async (addresses) => {
      const own = {
        addresses,
        ended: new Map(addresses.map((address) => [address, [] as Sample[]])),
        nextAt: ms,
        // Its requests leave a millisecond later.
        startMs: ms,
      };
      samplers.add(own);
      advance(5);
      return {
        intervalMs: 5,
        startMs: own.startMs,
        first: true,
        of: (address) => own.ended.get(address) ?? [],
        stop: async () => void samplers.delete(own),
        [Symbol.asyncDispose]: async () => void samplers.delete(own),
      };
    },
    connect: async (addresses) => {
      const opened = addresses.map((address) => ({
        address,
        host: [...(holders.get(address) ?? [])].at(-1),
        openedMs: ms,
      }));
      advance(50);
      let fates: ConnectionFates | null = null;
      return {
        ask: async () =>
          (fates ??= new Map(
            opened.map(({ address, host, openedMs }) => {
              const end = holders.get(address)?.has(host ?? '') === true ? 'kept' : 'cut';
              return [address, [{ kind: 'busy', openedMs, endedMs: ms, end }]];
            }),
          )),
        forget: async () => {},
        [Symbol.asyncDispose]: async () => {},
      };
    },
    watch: {
      holders: (address) => [...(holders.get(address) ?? [])].toSorted(),
      events: (address) => events.filter((event) => event.address === address),
      localMs: (_, hostMs) => hostMs,
      leave: () => {},
      rejoin: async () => {},
      clockErrorMs: () => 0,
      [Symbol.asyncDispose]: async () => {},
    },
    read: async (_, script) =>
      Buffer.from(
        script.includes('is-active') ? `keepalived active\nnginx ${trouble.down ?? 'active'}\n` : '0\n',
      ),
    reboots: {
      leave: async (host) => void said.push(`leave ${host}`),
      rejoin: async (host, limitMs, signal, waiting) => {
        signal.throwIfAborted();
        if (trouble.neverBoots === true) {
          advance(limitMs);
          waiting('nothing answers');
          return 'nothing answers';
        }
        advance(20_000);
        stopped.delete(host);
        elect();
        if (trouble.backUnseen === true) {
          advance(5_000);
          // Its first look shows it, and no event before did.
          for (const [index, event] of events.entries())
            if (event.host === host && event.held && event.at > 1_000) events[index] = { ...event, at: ms };
        }
        return null;
      },
    },
    act: async (host, action) => {
      const fault = `fault ${BigInt(ms + 15) * 1_000_000n}\n`;
      act(host, action);
      return fault;
    },
    say: (text) => void said.push(text),
  };
}

export const pair: readonly [Vip, Vip] = [
  {
    name: 'VI_1',
    address: { address: '192.168.160.161', prefix: null },
    virtualRouterId: 51,
    members: [
      { host: 'keep_136', priority: 100, interface: null },
      { host: 'keep_137', priority: 80, interface: null },
    ],
    advertInt: 1,
  },
  {
    name: 'VI_2',
    address: { address: '192.168.160.162', prefix: null },
    virtualRouterId: 52,
    members: [
      { host: 'keep_137', priority: 100, interface: null },
      { host: 'keep_136', priority: 80, interface: null },
    ],
    advertInt: 1,
  },
];

export const vrrp: Vrrp = {
  version: 2,
  profile: 'default',
  authPass: null,
  unicast: false,
  preemptDelay: 0,
  garpMasterRefresh: 60,
  check: { enabled: true, interval: 1, timeout: 1, fall: 2, rise: 2 },
};
