/** `haup service`: a verb for a daemon of some hosts, as a plan like any other. Pure. */

import type { Action } from '../model/action.ts';
import type { HostName, Service, Vip } from '../model/domain.ts';
import { services } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { HostFacts } from '../model/facts.ts';
import type { Change, CheckName, Plan, UnchangedResource, Stage } from '../model/plan.ts';
import { canDrain, leftDrained, operatorDrained } from '../cluster/can-drain.ts';
import { drainWhy, onlyIdle, type DrainContext, undrain, whileDrained } from './host-drain.ts';
import { runs } from './service-changes.ts';
import { addressesOf, servedVips } from './served-vips.ts';
import { servingChecks } from './stage-gates.ts';

export interface ServiceWish {
  readonly verb: 'start' | 'stop' | 'restart' | 'reload';
  readonly service: Service;
  /** Just the verb: no host is drained, and nothing is waited for. */
  readonly now: boolean;
}

/** A host as the verb finds it. */
interface Found {
  readonly facts: HostFacts;
  readonly turn: DrainContext;
  /** Others of its cluster serve, and are not stopped before it. */
  readonly others: boolean;
}

/**
 * One track for each cluster; in it host by host, standbys before holders. What stops a daemon is done while others
 * have its VIPs; the last one that is left to serve is stopped as it is. `entry`: the file that keepalived reads.
 * Throws SERVICE_FAILED where there is nothing to reload.
 */
export function planService(
  wish: ServiceWish,
  targets: readonly HostName[],
  have: ReadonlyMap<HostName, HostFacts>,
  vips: readonly Vip[],
  clusters: readonly (readonly HostName[])[],
  entry: string,
): Plan {
  const same: UnchangedResource[] = [];
  const tracks = clusters.map((cluster): readonly Stage[] => {
    const { alone, heldBy, drainContext } = servedVips(cluster, have, vips);
    const left = new Set(cluster.filter((host) => serves(have.get(host))));
    return cluster
      .filter((host) => targets.includes(host))
      .flatMap((host) => have.get(host) ?? [])
      .sort((a, b) => heldBy(a.host) - heldBy(b.host))
      .flatMap((facts): readonly Stage[] => {
        const { host } = facts;
        const others = [...left].some((one) => one !== host);
        if (wish.verb === 'stop') left.delete(host);
        const able = others && serves(facts) && canDrain(facts, entry);
        const changes = changesOf(wish, { facts, turn: drainContext(host, able), others });
        if (changes.length === 0) {
          same.push({ host, what: `${wish.service} ${wish.verb === 'stop' ? 'does not run' : 'runs'}` });
          return [];
        }
        const gate = gateOf(wish, facts, alone.length > 0);
        const addresses = addressesOf(alone);
        return [
          { title: `${wish.verb} ${wish.service} on ${host}`, work: [{ host, changes }], gate, addresses },
        ];
      });
  });
  return { tracks: tracks.filter((stages) => stages.length > 0), same, want: [] };
}

/** It would have VIPs, or has them. */
const serves = (facts: HostFacts | undefined): boolean =>
  facts !== undefined &&
  services.every((service) => facts.services[service].active === 'active') &&
  !operatorDrained(facts);

/** Where clients are served now, and the host is to serve afterwards. */
function gateOf(
  { verb, service, now }: ServiceWish,
  { services: found }: HostFacts,
  served: boolean,
): readonly CheckName[] {
  const rest = services.filter((one) => one !== service);
  return served && !now && verb !== 'stop' && rest.every((one) => found[one].active === 'active')
    ? servingChecks
    : [];
}

function changesOf(wish: ServiceWish, { facts, turn, others }: Found): readonly Change[] {
  const { verb, service, now } = wish;
  const is = facts.services[service];
  const running = runs(is);
  const back = leftDrained(facts) ? [{ ...undrain, why: 'it was drained when a daemon was stopped' }] : [];
  switch (verb) {
    case 'reload':
      if (running) return [change(wish, 'reload')];
      throw new HaupError('SERVICE_FAILED', `${service} does not run there: it has nothing to reload.`, {
        host: facts.host,
        hint: `Nothing was changed. haup service start ${service} --limit ${facts.host}`,
      });
    case 'start':
      return [...(running ? [] : [change(wish, 'start')]), ...back];
    case 'restart':
      if (!running) return [change(wish, 'start'), ...back];
      return now
        ? [change(wish, 'restart'), ...back]
        : whileDrained([change(wish, 'restart'), ...back], turn);
    case 'stop': {
      if (is.active === 'inactive' || is.active === 'failed') return [];
      const stop = [change(wish, 'stop')];
      if (now) return stop;
      if (!turn.able) return others && !turn.holds ? onlyIdle(stop, turn.watched, turn.held) : stop;
      return [
        drainWhy('a daemon is stopped: the backup takes over first', turn.held),
        ...onlyIdle(stop, turn.watched, turn.held),
        // Without nginx it must not have VIPs; without keepalived it has none.
        ...(service === 'keepalived'
          ? [{ ...undrain, after: [], why: 'it has no VIPs without keepalived' }]
          : []),
      ];
    }
  }
}

const change = (
  { verb, service }: Pick<ServiceWish, 'verb' | 'service'>,
  does: Extract<Action, { do: 'service' }>['verb'],
): Change => ({
  id: `service:${service}`,
  kind: 'service',
  service,
  title: `${does} ${service}`,
  why: does === verb ? 'as you say' : `it does not run`,
  actions: [{ do: 'service', service, verb: does }],
  // There is nothing to go back to but a daemon that runs.
  undo: [],
  diffs: [],
});
