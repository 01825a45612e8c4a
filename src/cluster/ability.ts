/**
 * Whether a host can take a VIP: the one definition, for whatever was learned of the host. Pure.
 */

import { type HostName, type Member, type Service, services, type Vip } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';

/** What decides it. */
export interface HostCondition {
  /** Daemons that do not run, each with what systemd calls its state. */
  readonly down: ReadonlyMap<Service, string>;
  readonly drained: boolean;
  /** Why it would not serve although nginx runs; null: it would, or was not asked. */
  readonly fault: string | null;
}

/** What keeps a host from taking a VIP, in words; empty: nothing does. Null: it cannot be reached. */
export function obstacles(condition: HostCondition | null): readonly string[] {
  if (condition === null) return ['cannot be reached'];
  const { down, drained, fault } = condition;
  return [
    ...[...down].map(([service, state]) => `${service} is ${state}`),
    ...(drained ? ['is drained'] : []),
    ...(fault === null || down.has('nginx') ? [] : [fault]),
  ];
}

/** From facts alone: whether nginx answers is not among them. */
export function conditionOf(have: HostFacts | null | undefined): HostCondition | null {
  if (have === null || have === undefined) return null;
  const down = services.filter(
    (service) => have.services[service].active !== 'active' && otherUnit(have, service) === null,
  );
  return {
    down: new Map(down.map((service) => [service, have.services[service].active || 'not installed'])),
    drained: isDrained(have),
    fault: null,
  };
}

export const isAble = (have: HostFacts | null | undefined): boolean =>
  obstacles(conditionOf(have)).length === 0;

/** The unit of another name that runs a service, where the facts include what runs. */
export const otherUnit = ({ running = [] }: HostFacts, service: Service): string | null =>
  running.find((one) => one.service === service && one.unit !== null && one.unit !== `${service}.service`)
    ?.unit ?? null;

export const isDrained = (have: HostFacts): boolean => (have.drain ?? 0) < 0;

/** A host's facts, and what its nginx answered. */
export interface HostView {
  /** Null: it could not be reached. */
  readonly facts: HostFacts | null;
  readonly http: ProbeAnswer;
}

/** What haup's own server in nginx answered when the host asked it. */
export interface ProbeAnswer {
  /** Where it was asked; null: it was not, since the host cannot be reached. */
  readonly address: string | null;
  /** The name in the answer; null: no answer, `error` says why. */
  readonly host: string | null;
  readonly error: string | null;
}

export type Views = ReadonlyMap<HostName, HostView>;

export function viewObstacles(name: HostName, view: HostView | undefined): readonly string[] {
  const condition = conditionOf(view?.facts);
  return obstacles(
    view === undefined || condition === null ? null : { ...condition, fault: answerFault(name, view.http) },
  );
}

function answerFault(name: HostName, { address, host, error }: ProbeAnswer): string | null {
  if (host === name) return null;
  if (host !== null) return `nginx on ${address} calls itself ${host}`;
  return `nginx does not answer on ${address} (${error ?? 'no name in its answer'})`;
}

/** The members that can have a VIP, in order of preference. */
export function ableMembers(vip: Vip, views: Views): readonly Member[] {
  return vip.members.filter(({ host }) => viewObstacles(host, views.get(host)).length === 0);
}
