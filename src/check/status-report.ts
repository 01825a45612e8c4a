import type { Inventory, Service } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import type { RunStatus, ServiceStatus, StatusReport, SystemStatus } from '../model/status-shape.ts';
import { judge } from './checks.ts';
import { isDrained, otherUnit } from '../cluster/ability.ts';
import { expectedHolder, type FactsByHost, holders } from '../cluster/cluster-state.ts';
import { judgeWire } from './wire.ts';

/** Everything `haup status` says, from facts alone. `gatheredAtMs`: the operator's clock, ms since the epoch. */
export function statusReport(inventory: Inventory, facts: FactsByHost, gatheredAtMs: number): StatusReport {
  const findings = [
    ...judge(inventory, facts, gatheredAtMs),
    ...inventory.vips.flatMap((vip) => judgeWire(vip, facts)),
  ];
  return {
    version: 1,
    ok: findings.every(({ level }) => level !== 'fail'),
    vips: inventory.vips
      .filter((vip) => vip.members.some(({ host }) => facts.has(host)))
      .map((vip) => ({
        address: vip.address.address,
        members: vip.members.map(({ host }) => host),
        holders: holders(vip, facts),
        expected: expectedHolder(vip, facts),
      })),
    hosts: inventory.hosts
      .filter(({ name }) => facts.has(name))
      .map(({ name }) => {
        const have = facts.get(name) ?? null;
        return {
          name,
          reachable: have !== null,
          keepalived: have === null ? null : serviceStatus(have, 'keepalived'),
          nginx: have === null ? null : serviceStatus(have, 'nginx'),
          drained: have !== null && isDrained(have),
          ...(have === null ? {} : { system: systemStatus(have) }),
        };
      }),
    ...gracesIn(facts),
    ...runsIn(facts),
    findings,
  };
}

/** The hosts that answer; those that only send on are left out. */
function gracesIn(facts: FactsByHost): Pick<StatusReport, 'graces'> {
  const graces = [...facts].flatMap(([host, have]) =>
    (have?.graces ?? [])
      .filter(({ part }) => part === 'answer')
      .map(({ vip, connections, leftSeconds }) => ({ vip, host, connections, leftSeconds })),
  );
  return graces.length === 0 ? {} : { graces };
}

/** A run locks every member of its clusters, so that each of them names it. */
function runsIn(facts: FactsByHost): Pick<StatusReport, 'runs'> {
  const runs = new Map<string, RunStatus>();
  for (const [host, have] of facts) {
    if (have?.lockedBy === undefined) continue;
    const { who, since, why } = have.lockedBy;
    const key = [who, since, why].join('\n');
    runs.set(key, { who, since, why, hosts: [...(runs.get(key)?.hosts ?? []), host] });
  }
  return runs.size === 0 ? {} : { runs: [...runs.values()] };
}

const systemStatus = ({ os, kernel = '', arch, virtual = false }: HostFacts): SystemStatus => ({
  os: os.name,
  kernel,
  arch,
  virtual,
});

const serviceStatus = (have: HostFacts, service: Service): ServiceStatus => ({
  state: otherUnit(have, service) === null ? have.services[service].active : 'active',
  version: have.software[service]?.version ?? null,
});
