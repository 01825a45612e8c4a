import { bare, holds, isIpv4 } from '../desired/address.ts';
import { statusRequest } from '../desired/request.ts';
import { gatherSome } from '../facts/gather.ts';
import type { HostView, OwnAnswer, Views } from '../judge/ability.ts';
import type { HostName, HostSpec, Inventory } from '../model/domain.ts';
import type { HaupError } from '../model/errors.ts';
import type { HostFacts } from '../model/facts.ts';
import type { Host } from '../model/host.ts';
import { probePort } from '../model/probe.ts';
import { probe } from '../verify/probe.ts';
import { lookAtWire } from './wire.ts';

/** As long as keepalived's own health check waits by default, and then some. */
const answerLimitMs = 2_000;

/** Facts of every host that answers, and what its nginx says on an address of its own, asked from here. */
export async function viewHosts(
  inventory: Inventory,
  hosts: ReadonlyMap<HostName, Host>,
  signal: AbortSignal,
): Promise<{ readonly views: Views; readonly failures: ReadonlyMap<HostName, HaupError> }> {
  const { facts, failures } = await gatherSome(hosts, () => statusRequest(inventory), signal);
  const gathered = new Map(inventory.hosts.map(({ name }) => [name, facts.get(name) ?? null] as const));
  const heard = await lookAtWire(inventory, hosts, gathered, signal);
  const views = await Promise.all(
    inventory.hosts.map(async (spec): Promise<readonly [HostName, HostView]> => {
      const have = heard.get(spec.name) ?? null;
      return have === null
        ? [spec.name, { facts: null, http: { address: null, host: null, error: null } }]
        : [spec.name, { facts: have, http: await askNginx(inventory, spec, have, signal) }];
    }),
  );
  return { views: new Map(views), failures };
}

async function askNginx(
  inventory: Inventory,
  spec: HostSpec,
  facts: HostFacts,
  signal: AbortSignal,
): Promise<OwnAnswer> {
  const address = ownAddress(inventory, spec, facts);
  if (address === null) return { address, host: null, error: null };
  const { host, error, status } = await probe(
    { address, port: probePort(inventory.nginx) },
    answerLimitMs,
    signal,
  );
  return { address, host: status === 200 ? host : null, error: status === null ? error : `status ${status}` };
}

/** The host's own IPv4 address where its VIPs live: the one of the inventory if it is there. */
function ownAddress(inventory: Inventory, spec: HostSpec, facts: HostFacts): string | null {
  const vips = inventory.vips
    .filter((vip) => vip.members.some(({ host }) => host === spec.name))
    .map((vip) => vip.address.address);
  const near = facts.interfaces
    .flatMap(({ addresses }) => addresses)
    .filter((network) => isIpv4(bare(network)) && !vips.includes(bare(network)))
    .filter((network) => vips.some((vip) => holds(network, vip)))
    .map(bare);
  return near.find((address) => address === spec.address) ?? near[0] ?? null;
}
