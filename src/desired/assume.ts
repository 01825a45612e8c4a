/** Facts for rendering without a host, and what was assumed in words. */

import type { HostName, HostSpec, Inventory, Vip } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import { isIpv4 } from '../base/address.ts';
import { vipsByHost } from '../cluster/clusters.ts';
import { sysvAssumed } from './sysv.ts';

const assumedInterface = 'eth0';

/** What `haup render` takes for granted where only the hosts could tell; empty when nothing. */
export function assumptions(inventory: Inventory): readonly string[] {
  const byHost = vipsByHost(inventory.vips);
  const said = inventory.hosts.flatMap((host) =>
    (byHost.get(host.name) ?? []).some((vip) => namedInterface(host, vip) === null)
      ? [`${host.name}: the interface is ${assumedInterface} (the inventory names none)`]
      : [],
  );
  if (inventory.vrrp.unicast) {
    for (const host of inventory.hosts) {
      if (!isIpv4(host.address)) {
        said.push(
          `${host.name}: its own address is ${placeholder} (${host.address} is a name, and unicast needs an address)`,
        );
      }
    }
  }
  if (inventory.keepalived.from === 'package') {
    said.push(`keepalived's package is version ${inventory.keepalived.version}`);
  }
  if (inventory.keepalived.service === 'sysv')
    said.push("keepalived's init script and its settings are those of the source tree, and not shown");
  if (inventory.nginx.from === 'package')
    said.push('nginx comes from a Debian package: its workers run as www-data');
  return said;
}

/** Facts of hosts that fit the inventory and can build everything. */
export function assumedFacts(inventory: Inventory): ReadonlyMap<HostName, HostFacts> {
  const byHost = vipsByHost(inventory.vips);
  return new Map(inventory.hosts.map((host) => [host.name, factsOf(host, byHost.get(host.name) ?? [])]));
}

/** From the range that is set aside for documentation. */
const placeholder = '192.0.2.1';

function factsOf(host: HostSpec, vips: readonly Vip[]): HostFacts {
  const own = !isIpv4(host.address) ? placeholder : host.address;
  const service = {
    load: 'not-found',
    active: 'inactive',
    enabled: '',
    unit: '',
    needsDaemonReload: false,
    program: '',
  };
  return {
    host: host.name,
    machineId: '',
    os: { id: '', version: '', name: 'an unknown system' },
    arch: '',
    clockMs: 0,
    systemd: true,
    packageManager: 'apt-get',
    packages: {},
    nft: 'absent',
    users: [],
    interfaces: [...new Set(vips.map((vip) => namedInterface(host, vip)))].map((name) => ({
      name: name ?? assumedInterface,
      up: true,
      // A prefix of 0 holds every VIP: an interface that the inventory does not name is found by it.
      addresses: [`${own}/${name === null ? 0 : 32}`],
    })),
    files: sysvAssumed,
    services: { keepalived: service, nginx: service },
    software: { keepalived: null, nginx: null },
    libraries: { openssl: null, pcre1: true, pcre2: true },
    unread: [],
    drain: null,
    drill: null,
    record: { files: [], users: [], packages: [], builds: [], services: {} },
    firewall: null,
  };
}

const namedInterface = (host: HostSpec, vip: Vip): string | null =>
  vip.members.find((member) => member.host === host.name)?.interface ?? host.interface;
