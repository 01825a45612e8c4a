/** What has to come through a firewall that is active: adverts of the other hosts, and requests for nginx. */

import type { Resource } from '../model/desired.ts';
import type { HostName, HostSpec } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import { HaupError } from '../model/errors.ts';
import {
  type FirewallFacts,
  type FirewallRule,
  nftRules,
  nftScript,
  nftUnit,
  nftUnitPath,
  vrrpGroup,
} from '../model/firewall-rules.ts';
import { probeOf } from '../nginx/probe.ts';
import { openPorts } from '../nginx/servers.ts';
import { isIpv4 } from '../base/address.ts';
import { hostScript } from '../base/host-script.ts';
import { fileWant } from './file-want.ts';
import type { IndexedInventory } from './inventory-index.ts';
import type { Render } from './load-render.ts';
import { memberAddresses, memberInterface } from './vrrp-instances.ts';

/**
 * Nothing where no firewall is active, and where the inventory leaves it to the operator. Throws
 * HOST_UNSUPPORTED when there is one that haup cannot open: the hosts would not hear each other.
 */
export function firewall(
  inventory: IndexedInventory,
  host: HostSpec,
  facts: ReadonlyMap<HostName, HostFacts>,
  render: Render,
): readonly Resource[] {
  const found = facts.get(host.name)?.firewall ?? null;
  if (found === null || !found.active || inventory.firewall === 'leave') return [];
  const vips = inventory.hostVips(host.name);
  const rules = [...adverts(inventory, host, facts), ...requests(inventory), ...questions(inventory, host)];
  if (found.tool === null || found.others.length > 0) throw unknown(host.name, found, rules);
  const { tool } = found;
  return [
    {
      kind: 'firewall',
      tool,
      rules,
      // A host whose VIPs have gone still serves, where it did.
      interfaces: [...new Set(vips.map((vip) => memberInterface(vip, host, facts.get(host.name))))],
      complete: vips.every((vip) => vip.members.every((member) => facts.has(member.host))),
      files:
        tool === 'nftables'
          ? [
              fileWant(nftScript, Buffer.from(script), 0o755),
              fileWant(nftUnitPath, render(nftUnit, { script: nftScript, rules: nftRules }), 0o644),
            ]
          : [],
    },
  ];
}

function adverts(
  inventory: IndexedInventory,
  host: HostSpec,
  facts: ReadonlyMap<HostName, HostFacts>,
): readonly FirewallRule[] {
  const from = inventory.hostVips(host.name).flatMap((vip) =>
    vip.members
      .filter((member) => member.host !== host.name)
      // Of a member that this run leaves out, and that has a name instead of an address, nothing is known; what
      // was let in from it stays.
      .filter(({ host: peer }) => inventory.vrrp.unicast || facts.has(peer) || hasAddress(inventory, peer))
      .flatMap((member) => memberAddresses(inventory, vip, member.host, facts)),
  );
  const to = inventory.vrrp.unicast ? null : vrrpGroup;
  return [...new Set(from)].toSorted().map((address) => ({ kind: 'vrrp', from: address, to }));
}

const hasAddress = (inventory: IndexedInventory, name: HostName): boolean =>
  isIpv4(inventory.hostNamed(name).address);

const requests = (inventory: IndexedInventory): readonly FirewallRule[] =>
  openPorts(inventory.nginx)
    .toSorted((a, b) => a - b)
    .map((port) => ({ kind: 'tcp', port }));

/** Each host asks every VIP of its cluster, before the next host is changed. */
const questions = (inventory: IndexedInventory, host: HostSpec): readonly FirewallRule[] =>
  inventory.clusterVips(host.name).map(({ address: { address } }) => ({
    kind: 'ask',
    vip: address,
    port: probeOf(inventory.nginx, address).port,
  }));

function unknown(host: HostName, { tool, others }: FirewallFacts, rules: readonly FirewallRule[]): HaupError {
  const names = others.join(' and ');
  const peers = rules.flatMap((rule) => (rule.kind === 'vrrp' ? [rule] : []));
  const from = peers.map((rule) => rule.from).join(' and ');
  const to = peers.some((rule) => rule.to !== null) ? ` to ${vrrpGroup}` : '';
  const ports = rules.flatMap((rule) => (rule.kind === 'tcp' ? [rule.port] : [])).join(', ');
  return new HaupError(
    'HOST_UNSUPPORTED',
    `${names} ${others.length === 1 ? 'drops' : 'drop'} unknown traffic${tool === null ? ', and haup opens only firewalld, ufw and nftables' : `; the host also has ${tool}, and haup opens only one firewall`}.`,
    {
      host,
      hint: `Let in IP protocol 112 from ${from}${to} and TCP ${ports} yourself, out too where that is filtered, then write firewall: leave. Otherwise two hosts would hold a VIP at once.`,
    },
  );
}

const script: string = `#!/bin/sh
# Lets what ${nftRules} names through the chains of nftables that drop what they do not know: at their end, after all
# that they refuse by name. ${nftUnit} runs it when nftables has loaded its rules. Written by haup.
${hostScript('haup-firewall', { nft_rules: nftRules })}`;
