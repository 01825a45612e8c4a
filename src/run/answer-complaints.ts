import type { HostName } from '../model/domain.ts';
import type { CheckName } from '../model/plan.ts';
import { probeWords } from '../nginx/probe.ts';
import type { VipQuestion } from '../measure/ask-host.ts';
import type { HostSight } from './host-sight.ts';

/** What is wrong with nginx on the hosts that were changed, and with who answers on a VIP that one host has. */
export function answerComplaints(
  asked: readonly VipQuestion[],
  members: readonly HostName[],
  checks: readonly CheckName[],
  sights: ReadonlyMap<HostName, HostSight>,
  pending: readonly HostName[],
  healthPort: number,
): readonly string[] {
  const wrong: string[] = [];
  const able = new Map([...sights].filter(([, { asked: said }]) => said.missing.length === 0));
  for (const [name, { active, asked: said }] of sights) {
    if (!able.has(name)) {
      // haup has been removed from it, with what it asked with.
      if (active.length === 0 && !members.includes(name)) continue;
      wrong.push(`${name} lacks ${said.missing.join(' and ')}, with which it asks whether nginx answers`);
      continue;
    }
    const { own } = said;
    if (!checks.includes('http') || !members.includes(name) || !active.includes('nginx')) continue;
    const on = `on 127.0.0.1:${healthPort}`;
    if (own.kind === 'silent') wrong.push(`${name}: nginx does not answer ${on}`);
    if (own.kind === 'name' && own.name !== name) wrong.push(`${name}: nginx ${on} calls itself ${own.name}`);
  }
  for (const { address, hosts, probes } of asked) {
    const [holder, ...others] = [...sights].flatMap(([name, { held }]) =>
      held.includes(address) ? [name] : [],
    );
    // With --limit some members are not looked at; the holder may be one of those, and its answer shows it.
    const unseen = hosts.filter((host) => !sights.has(host));
    if (others.length > 0 || (holder === undefined && unseen.length === 0)) continue;
    const rightful = holder === undefined ? unseen : [holder];
    const held =
      holder === undefined ? `not held by ${[...sights.keys()].join(' or ')}, and` : `held by ${holder}, but`;
    // A host that was not changed yet answers as it did before.
    const isNew = holder !== undefined && members.includes(holder) && !pending.includes(holder);
    const ways = isNew && checks.includes('http') ? 1 : probes.length;
    for (const [name, { asked: said, kept }] of able) {
      if (kept.includes(address)) continue;
      const answers = said.vips.filter((one) => one.address === address && one.way < ways);
      // An answer without a name is the holder's, as the kernels report it.
      if (answers.some(({ by }) => by === null || rightful.includes(by))) continue;
      const [wrongly] = answers;
      const got =
        wrongly === undefined
          ? `gets no answer there (${probes.slice(0, ways).map(probeWords).join('; ')})`
          : `is answered by ${wrongly.by}`;
      wrong.push(`${address} is ${held} ${name} ${got}`);
    }
  }
  return wrong;
}
