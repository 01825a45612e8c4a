/** The inventory as written → the domain's, with everything filled in that a file may leave out. */

import { hookNames } from '../model/domain.ts';
import type {
  Cidr,
  Hooks,
  HostSpec,
  Inventory,
  Member,
  NginxSoftware,
  Site,
  Software,
  SshSettings,
  Vip,
} from '../model/domain.ts';
import type { Secret } from '../model/secret.ts';
import { addressOf, routerIdOf, vipName } from './derive.ts';
import type { Written, WrittenHost, WrittenSite, WrittenSoftware, WrittenVip } from './schema.ts';
import type { Path } from './violation.ts';

/** How to get values from elsewhere. Each is told which path asks, and reports its own failures. */
export interface Sources {
  readonly secret: (reference: string | undefined, path: Path) => Secret | null;
  /** Contents of a site's file. */
  readonly text: (name: string, path: Path) => string;
  /** A path on this machine, relative to the file that wrote it. */
  readonly local: (name: string, path: Path) => string;
}

/** Throws nothing: `written` has passed the schema and the rules. */
export function build(written: Written, file: string, sources: Sources): Inventory {
  return {
    file,
    hosts: Object.entries(written.hosts).map(([name, host]) => hostOf(name, host, sources)),
    vips: written.vips.map((vip, i) => vipOf(vip, i, written)),
    vrrp: {
      version: written.vrrp.version,
      profile: written.vrrp.profile,
      authPass: sources.secret(written.vrrp.auth_pass, ['vrrp', 'auth_pass']),
      unicast: written.vrrp.unicast,
      preemptDelay: written.vrrp.preempt_delay,
      garpMasterRefresh: written.vrrp.garp_master_refresh,
      check: written.vrrp.check,
    },
    keepalived: { ...softwareOf(written.keepalived), service: written.keepalived.service },
    nginx: nginxOf(written, sources),
    hooks: hooksOf(written),
    verify: { ...written.verify, rate: written.verify.rate ?? null },
    grace: written.grace,
    build: written.build,
    fetch: written.fetch,
    packages: { vault: written.packages.vault, lockWait: written.packages.lock_wait },
    firewall: written.firewall,
    unused: [],
    overridden: [],
  };
}

function hostOf(name: string, host: WrittenHost, sources: Sources): HostSpec {
  const { ssh } = host;
  const at = (key: string): Path => ['hosts', name, 'ssh', key];
  const settings: SshSettings = {
    user: ssh.user ?? host.ansible_user ?? null,
    port: ssh.port ?? host.ansible_port ?? null,
    identityFile:
      ssh.identity_file === undefined ? null : sources.local(ssh.identity_file, at('identity_file')),
    jump: ssh.jump ?? null,
    hostKey: ssh.host_key?.replace(/=$/, '') ?? null,
    password: sources.secret(ssh.password, at('password')),
    sudoPassword: sources.secret(ssh.sudo_password, at('sudo_password')),
  };
  return { name, address: addressOf(name, host), interface: host.interface ?? null, ssh: settings };
}

function vipOf(vip: WrittenVip, index: number, { vrrp }: Written): Vip {
  const ladder = vip.priorities ?? vrrp.priorities;
  const members = vip.hosts.map((host, i) => ({
    host,
    priority: ladder[i] ?? 0,
    interface: vip.interface ?? null,
  }));
  return {
    name: vipName(vip, index),
    address: cidrOf(vip.address),
    virtualRouterId: routerIdOf(vip) ?? 0,
    members: members as unknown as readonly [Member, Member, ...Member[]],
    advertInt: vip.advert_int ?? vrrp.advert_int,
  };
}

function cidrOf(text: string): Cidr {
  const [address = '', prefix] = text.split('/');
  return { address, prefix: prefix === undefined ? null : Number(prefix) };
}

function softwareOf(software: WrittenSoftware): Software {
  return {
    version: software.version,
    from: software.from,
    prefix: software.prefix,
    configure: software.configure,
    sha256: software.sha256?.toLowerCase() ?? null,
    urls: software.urls.map((url) => url.replaceAll('{version}', software.version)),
  };
}

function nginxOf({ nginx }: Written, sources: Sources): NginxSoftware {
  return {
    ...softwareOf(nginx),
    workerProcesses: nginx.worker_processes,
    workerConnections: nginx.worker_connections,
    shutdownTimeout: nginx.shutdown_timeout,
    healthPort: nginx.health_port,
    sites: nginx.sites.map((site, i) => ({
      name: site.name,
      listen: site.listen.map(String),
      serverNames: site.server_names,
      serves: serves(site, ['nginx', 'sites', i, 'file'], sources),
    })),
  };
}

function hooksOf({ hooks }: Written): Hooks {
  const commands = Object.fromEntries(
    hookNames.flatMap((name) => {
      const command = hooks[name];
      return command === undefined ? [] : [[name, command]];
    }),
  );
  return { commands, timeout: hooks.timeout };
}

function serves(site: WrittenSite, path: Path, sources: Sources): Site['serves'] {
  if (site.root !== undefined) return { kind: 'root', path: site.root };
  if (site.proxy !== undefined) return { kind: 'proxy', upstreams: site.proxy };
  if (site.stream !== undefined) return { kind: 'stream', upstreams: site.stream };
  if (site.file !== undefined) return { kind: 'file', path: site.file, text: sources.text(site.file, path) };
  return { kind: 'page' };
}
