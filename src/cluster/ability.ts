/** Whether a host can take a VIP over, and in which order the members of a VIP would. Pure. */

import type { HostName, Member, Vip } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import { services } from '../model/domain.ts';
import { isDrained } from './cluster-state.ts';

export interface HostView {
  /** Null: it could not be reached. */
  readonly facts: HostFacts | null;
  /** What haup's own server in nginx said when the host asked. */
  readonly http: OwnAnswer;
}

export interface OwnAnswer {
  /** Where it was asked; null: it was not, since the host cannot be reached. */
  readonly address: string | null;
  /** The name that came back; null: no answer, `error` says why. */
  readonly host: string | null;
  readonly error: string | null;
}

export type Views = ReadonlyMap<HostName, HostView>;

/** What keeps a host from taking a VIP, in words; empty: nothing does. */
export function obstacles(name: HostName, view: HostView | undefined): readonly string[] {
  if (view === undefined || view.facts === null) return ['cannot be reached'];
  const { facts, http } = view;
  const down = services.filter((service) => facts.services[service].active !== 'active');
  return [
    ...down.map((service) => `${service} is ${facts.services[service].active || 'not installed'}`),
    ...(isDrained(facts) ? ['is drained'] : []),
    ...(down.includes('nginx') ? [] : answerObstacle(name, http)),
  ];
}

function answerObstacle(name: HostName, { address, host, error }: OwnAnswer): readonly string[] {
  if (host === name) return [];
  if (host !== null) return [`nginx on ${address} calls itself ${host}`];
  return [`nginx does not answer on ${address} (${error ?? 'no name in its answer'})`];
}

/** The members that can have a VIP, in order of preference. */
export function ableMembers(vip: Vip, views: Views): readonly Member[] {
  return vip.members.filter(({ host }) => obstacles(host, views.get(host)).length === 0);
}
