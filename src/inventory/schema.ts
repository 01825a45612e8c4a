/**
 * The schema of the inventory: the one source of its keys, defaults and limits, of the types of a written
 * inventory, of the JSON Schema for editors, and of the errors: each description completes "needs …".
 */

import { z } from 'zod';
import {
  absolute,
  cidr4,
  device,
  hostAddress,
  jump,
  listen,
  localPath,
  name,
  reference,
  serverName,
  upstream,
  url,
  user,
} from './patterns.ts';
import { longestGraceSeconds } from '../model/domain.ts';
import { drillNames } from '../model/fault.ts';
import { leastRate, mostConnections, mostRate } from '../model/domain.ts';
import { configureOptions } from './configure-line.ts';
import { emptyAsMap, withProfile } from './profile.ts';

// Compiling a parser for each object takes longer than the one parse that it is for.
z.config({ jitless: true });

const interfaceWords = 'the name of a network interface, at most 15 characters, like ens33';
const prioritiesWords =
  'priorities from 254 down to 1, one for each host of the VIP, the master first, like [250, 200]; keepalived recommends steps of 50';
const advertWords =
  'seconds between adverts: a whole number from 1 to 255 with version 2, 0.01 to 40.95 with version 3';

const text = (pattern: RegExp, words: string) =>
  z.string().check(z.regex(pattern)).register(z.globalRegistry, { description: words });
const whole = (min: number, max: number, words: string) =>
  z
    .int()
    .check(z.gte(min), z.lte(max))
    .register(z.globalRegistry, { description: `${words}, from ${min} to ${max}` });
const flag = (words: string) =>
  z.boolean().register(z.globalRegistry, { description: `true or false: ${words}` });
const secret = (words: string) =>
  text(reference, `a reference to ${words}: env:NAME, env:NAME:-default, file:PATH or cmd:COMMAND`);
/** A map of known keys, which gets the defaults when it is empty. */
const section = <S extends z.core.$ZodShape>(
  shape: S,
  words: string,
  filled: (value: unknown) => unknown = emptyAsMap,
) =>
  z.preprocess(filled, z.strictObject(shape).register(z.globalRegistry, { description: words })).prefault({});

function optionsOf(value: string | readonly string[], context: z.core.$RefinementCtx): string[] {
  const { options, wrong } = configureOptions(value);
  for (const [at, message] of wrong)
    context.addIssue({ code: 'custom', message, input: value, path: at === null ? [] : [at] });
  return options;
}

/**
 * What the schema calls, by the names that it has in the table of accept.ts.
 * @public for scripts/inventory-table.mjs
 */
export const functions = { emptyAsMap, withProfile, optionsOf } as const;

function software(service: string, version: string, configure: readonly string[], page: string) {
  return {
    version: text(/^\d{1,3}\.\d{1,3}\.\d{1,3}$/, `the version of ${service}, like ${version}`).default(
      version,
    ),
    from: z
      .enum(['source', 'package'])
      .register(z.globalRegistry, {
        description: 'source (./configure && make && make install) or package (apt-get, dnf or yum)',
      })
      .default('source'),
    prefix: text(
      absolute,
      `the absolute path to install ${service} under, made of letters, digits and _.+-`,
    ).default(`/usr/local/${service}`),
    configure: z
      .union([
        z.string(),
        z.array(
          z.string().register(z.globalRegistry, {
            description:
              'an option for ./configure, like --with-NAME or --NAME=VALUE; for --prefix use the key prefix',
          }),
        ),
      ])
      .register(z.globalRegistry, {
        description: 'options for ./configure: a list, or one line quoted as for sh',
      })
      .transform(optionsOf)
      .prefault([...configure]),
    sha256: text(/^[0-9A-Fa-f]{64}$/, 'the sha256 of the tarball, 64 hexadecimal digits').optional(),
    urls: z
      .array(text(url, 'an http:, https: or file:/// URL; {version} is replaced by the version'))
      .min(1)
      .register(z.globalRegistry, { description: 'a list of URLs for the tarball, tried in order' })
      .default([page]),
  };
}

function build() {
  const ssh = {
    user: text(user, 'a login name').optional(),
    port: whole(1, 65535, 'a port').optional(),
    identity_file: text(
      localPath,
      'the path of a private key, relative to this file or from / or ~',
    ).optional(),
    jump: text(jump, '[user@]host[:port] of a jump host, or several separated by commas').optional(),
    host_key: text(
      /^SHA256:[A-Za-z0-9+/]{43}=?$/,
      'the fingerprint of the host key, as ssh-keygen -l prints it: SHA256:…',
    ).optional(),
    password: secret('the login password').optional(),
    sudo_password: secret('the sudo password').optional(),
  };
  const host = {
    address: text(hostAddress, 'an IP address, a DNS name or a Host alias from ~/.ssh/config').optional(),
    interface: text(device, interfaceWords).optional(),
    ssh: section(ssh, 'how to reach the host, where it differs from what `ssh -G` reports'),
    ansible_host: text(
      hostAddress,
      'an IP address, a DNS name or a Host alias from ~/.ssh/config',
    ).optional(),
    ansible_port: whole(1, 65535, 'a port').optional(),
    ansible_user: text(user, 'a login name').optional(),
  };
  const vip = {
    name: text(name, 'a name of letters, digits and _.-, like VI_1').optional(),
    address: z.string().regex(cidr4).register(z.globalRegistry, {
      description: 'an IPv4 address, with or without a prefix length, like 192.168.160.161/24',
    }),
    hosts: z.array(text(name, 'the name of a host')).min(2).register(z.globalRegistry, {
      description: 'at least two hosts: the master first, then its backups in order',
    }),
    virtual_router_id: whole(1, 255, 'a VRID that no other VIP on the network uses').optional(),
    priorities: z
      .array(whole(1, 254, 'a priority'))
      .min(2)
      .register(z.globalRegistry, { description: prioritiesWords })
      .optional(),
    advert_int: z
      .number()
      .min(0.01)
      .max(255)
      .register(z.globalRegistry, { description: advertWords })
      .optional(),
    interface: text(device, interfaceWords).optional(),
  };
  const check = {
    enabled: flag('keepalived checks nginx, and gives up its VIPs when nginx does not answer').default(true),
    interval: whole(1, 3600, 'seconds between checks').default(2),
    timeout: whole(1, 3600, 'seconds before a check counts as failed, at most the interval').default(1),
    fall: whole(1, 100, 'failed checks in a row before nginx counts as down').default(2),
    rise: whole(1, 100, 'passed checks in a row before nginx counts as up').default(2),
  };
  const vrrp = {
    version: z
      .literal([2, 3])
      .register(z.globalRegistry, {
        description: '2 (clear-text password, adverts in whole seconds) or 3 (no password, shorter adverts)',
      })
      .default(2),
    advert_int: z
      .number()
      .min(0.01)
      .max(255)
      .register(z.globalRegistry, { description: advertWords })
      .default(1),
    priorities: z
      .array(whole(1, 254, 'a priority'))
      .min(2)
      .register(z.globalRegistry, { description: prioritiesWords })
      .default([250, 200, 150, 100, 50]),
    auth_pass: secret('the VRRP password, at most 8 characters').optional(),
    profile: z
      .enum(['default', 'fast', 'documented'])
      .register(z.globalRegistry, {
        description:
          'default; fast: other defaults for version, advert_int, priorities, preempt_delay and check.interval, which find a lost host in 0.3 s; or documented: only what the source document has, with no health check and no drain',
      })
      .default('default'),
    unicast: flag('send adverts to each peer by unicast, for networks that drop multicast').default(false),
    preempt_delay: whole(
      0,
      1000,
      'seconds that a returning master waits before it takes back its VIP',
    ).default(0),
    garp_master_refresh: whole(
      0,
      86400,
      'seconds between gratuitous ARPs from the holder of a VIP, 0 for none',
    ).default(60),
    check: section(check, 'the health check for nginx'),
  };
  const site = {
    name: text(name, 'a name of letters, digits and _.-'),
    listen: z
      .array(
        z.union([z.int().min(1).max(65535), z.string().regex(listen)]).register(z.globalRegistry, {
          description: 'a port, or "address:port", with or without " default_server"',
        }),
      )
      .min(1)
      .register(z.globalRegistry, { description: 'a list of ports, like [80]' })
      .default([80]),
    server_names: z
      .array(text(serverName, 'a server name, like www.example.org, *.example.org or _'))
      .min(1)
      .register(z.globalRegistry, { description: 'a list of server names' })
      .default(['_']),
    root: text(
      absolute,
      'the absolute path of a directory on the hosts, made of letters, digits and _.+-',
    ).optional(),
    proxy: z
      .array(text(upstream, 'an upstream, host or host:port'))
      .min(1)
      .register(z.globalRegistry, { description: 'a list of upstreams, like [10.0.0.5:8080]' })
      .optional(),
    stream: z
      .array(text(upstream, 'an upstream, host:port').regex(/:\d+$/))
      .min(1)
      .register(z.globalRegistry, { description: 'a list of upstreams for TCP, like [10.0.0.5:6443]' })
      .optional(),
    file: text(
      localPath,
      'the path of a file with nginx configuration for the site, relative to this file',
    ).optional(),
  };
  const keepalived = {
    ...software(
      'keepalived',
      '2.2.4',
      ['--sysconfdir=/etc'],
      'https://www.keepalived.org/software/keepalived-{version}.tar.gz',
    ),
    service: z
      .enum(['systemd', 'sysv'])
      .register(z.globalRegistry, {
        description:
          'systemd (a unit), or sysv: the init script from the source tree, on hosts that have /etc/rc.d/init.d/functions',
      })
      .default('systemd'),
  };
  const nginx = {
    ...software(
      'nginx',
      '1.20.1',
      ['--with-http_ssl_module', '--with-http_stub_status_module'],
      'https://nginx.org/download/nginx-{version}.tar.gz',
    ),
    worker_processes: z
      .union([z.literal('auto'), z.int().min(1).max(1024)])
      .register(z.globalRegistry, { description: 'auto or a number from 1 to 1024' })
      .default('auto'),
    worker_connections: whole(1, 1048576, 'connections per worker').default(1024),
    shutdown_timeout: whole(
      1,
      86400,
      'seconds that old workers go on serving open connections after a reload',
    ).default(600),
    health_port: whole(
      1,
      65535,
      "a port on 127.0.0.1 for haup's own server, which answers health checks; no site may listen on it",
    ).default(488),
    sites: z
      .array(
        z.strictObject(site).register(z.globalRegistry, {
          description: 'a site: name, listen, server_names, and one of root, proxy, stream or file',
        }),
      )
      .min(1)
      .register(z.globalRegistry, { description: 'a list of sites' })
      .default([{ name: 'default', listen: [80], server_names: ['_'] }]),
  };
  const hook = (moment: string) =>
    text(
      /^[^\n\r\0]*[^\s][^\n\r\0]*$/,
      `a command line for sh on this machine, with the event as JSON on stdin, run ${moment}`,
    ).optional();
  const hooks = {
    before_apply: hook('before an apply or rollback changes anything; if it fails, nothing changes'),
    after_apply: hook('after an apply or rollback, even a failed one'),
    before_host: hook("before a host's turn; if it fails, the host is not changed and the apply stops"),
    after_host: hook("after a host's turn, even a failed one"),
    before_failover: hook('before a failover or failback; if it fails, nothing moves'),
    after_failover: hook('after a failover or failback, even a failed one'),
    timeout: whole(1, 3600, 'seconds that each hook may take').default(60),
  };
  const verify = {
    allow: z
      .array(
        z.enum(drillNames).register(z.globalRegistry, { description: `a drill: ${drillNames.join(', ')}` }),
      )
      .register(z.globalRegistry, { description: 'a list of drills that haup verify may run on these hosts' })
      .default(['stop', 'drain']),
    rate: whole(
      leastRate,
      mostRate,
      'requests a second to each VIP (default: 200, and 50 where each takes a TLS handshake or an upstream)',
    ).optional(),
    connections: whole(
      0,
      mostConnections,
      'connections of each kind that haup verify, failover and failback hold open while they measure (0: none)',
    ).default(20),
  };
  const builds = {
    on: z
      .enum(['first', 'each'])
      .register(z.globalRegistry, {
        description:
          'first (one host of each platform builds for all) or each (every host builds for itself)',
      })
      .default('first'),
  };
  const packages = {
    vault: flag('use the CentOS vault for CentOS 7 and 8, whose mirrors are gone').default(false),
    lock_wait: whole(0, 3600, 'seconds to wait for another run of the package manager').default(180),
  };
  const top = {
    hosts: z
      .record(text(name, 'a host name of letters, digits and _.-'), section(host, 'a host'))
      .register(z.globalRegistry, { description: 'a map of host names to hosts' }),
    vips: z
      .array(z.strictObject(vip).register(z.globalRegistry, { description: 'a VIP: address and hosts' }))
      .min(1)
      .register(z.globalRegistry, { description: 'a list of at least one VIP' }),
    vrrp: section(vrrp, 'the settings of VRRP', withProfile),
    keepalived: section(keepalived, 'which keepalived to install'),
    nginx: section(nginx, 'which nginx to install, and its sites'),
    hooks: section(hooks, 'commands to run before and after changes'),
    verify: section(verify, 'what haup verify may do'),
    grace: whole(
      0,
      longestGraceSeconds,
      'seconds that open connections live on when a VIP moves, 0 for not at all',
    ).default(60),
    build: section(builds, 'where software is built'),
    fetch: z
      .enum(['controller', 'host'])
      .register(z.globalRegistry, {
        description:
          'controller (this machine downloads the tarballs and pushes them) or host (each host downloads its own)',
      })
      .default('controller'),
    packages: section(packages, 'how packages are installed'),
    firewall: z
      .enum(['open', 'leave'])
      .register(z.globalRegistry, {
        description:
          'open (haup lets VRRP and nginx through an active firewall) or leave (you manage the firewall)',
      })
      .default('open'),
  };
  const all = z
    .strictObject(top)
    .register(z.globalRegistry, { description: `a map of ${Object.keys(top).join(', ')}` });
  return { all, host, vip, vrrp, check, site, keepalived };
}

type Schema = ReturnType<typeof build>;

/** The inventory as the file writes it, defaults filled in. */
export type Written = z.output<Schema['all']>;
export type WrittenHost = Written['hosts'][string];
export type WrittenVip = Written['vips'][number];
export type WrittenSite = Written['nginx']['sites'][number];
/** The keys that keepalived and nginx share. */
export type WrittenSoftware = Pick<Written['nginx'], keyof ReturnType<typeof software>>;

let built: Schema | undefined;
/** Built on first use: `haup --help` must not pay for it. */
export const schema = (): Schema => (built ??= build());

let jsonSchema: object | undefined;
/** The JSON Schema (draft 7) of the file, for completion and checks in editors. */
export function inventoryJsonSchema(): object {
  return (jsonSchema ??= z.toJSONSchema(schema().all, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema: node }) => {
      if (node.type !== 'object') return;
      node.patternProperties = { '^x-': {} };
      // A section may be left empty, see `section`.
      if (node.required === undefined) Object.assign(node, { type: ['object', 'null'] });
    },
  }));
}
