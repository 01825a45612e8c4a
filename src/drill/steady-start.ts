/** Nothing is broken unless each VIP of the host has had one holder, which answers, for a moment. */

import type { Watch } from '../measure/address-watch.ts';
import type { Sampler } from '../measure/sampler.ts';
import { type DrillEnvironment, isSteady, patienceMs, type SteadyCheck } from '../move/watch-move.ts';
import type { DrillCase } from './drill-case.ts';
import { boundsOf } from './drill-times.ts';

/** How long everything has to be steady before anything is broken. */
export const steadyMs = 300;

/** Waits for it, as long as the VIP may take to come back. Null, or why it was not steady in time. */
export async function unsteadyStart(
  given: DrillCase,
  environment: DrillEnvironment,
  sampler: Sampler,
  signal: AbortSignal,
): Promise<string | null> {
  const { address } = given.vip.address;
  const check = {
    address,
    host: given.from.host,
    beside: given.beside.map(({ vip }) => vip.address.address),
    steadyMs,
    limitMs: boundsOf(given).back.withinMs + patienceMs,
  };
  const waiting = (): void =>
    environment.say(
      `${address}: waiting up to ${Math.round(check.limitMs / 1000)} s, since ${unsteady(environment.watch, check)}`,
    );
  const steady = await isSteady(environment, sampler, check, signal, waiting);
  return steady ? null : unsteady(environment.watch, check);
}

function unsteady(watch: Watch, { address, host, beside = [] }: SteadyCheck): string {
  for (const other of [address, ...beside]) {
    const now = watch.holders(other);
    const it = other === address ? 'the VIP' : other;
    if (now.length === 0) return `no host holds ${it}${other === address ? `; ${host} should` : ''}`;
    if (now.length > 1) return `${now.join(' and ')} both hold ${it}: split brain`;
    if (other === address && now[0] !== host) return `${now[0]} holds the VIP, and ${host} should`;
  }
  return `${host} holds the VIP, but does not answer there when asked from this machine`;
}
