/**
 * The schema of the inventory: the one source of its keys, defaults and limits, of the JSON Schema for
 * editors, and of the words in its errors: each description completes "needs …".
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
import { drillNames } from '../model/fault.ts';
import { configureOptions } from './configure-line.ts';
import type { Parts, Path, Written } from './written.ts';

/** Keys whose value is a reference to a secret. */
export const secretKeys: ReadonlySet<string> = new Set(['auth_pass', 'password', 'sudo_password']);

const interfaceWords = 'the name of a network interface, at most 15 characters, like ens33';
const prioritiesWords =
  'priorities from 254 down to 1, the master first, one for each host of a VIP, like [250, 200]; keepalived advises steps of 50';
const advertWords =
  'seconds between adverts: whole from 1 to 255 with version 2, 0.01 to 40.95 with version 3';

const text = (pattern: RegExp, words: string) => z.string().regex(pattern).meta({ description: words });
const whole = (min: number, max: number, words: string) =>
  z
    .int()
    .min(min)
    .max(max)
    .meta({ description: `${words}, from ${min} to ${max}` });
const flag = (words: string) => z.boolean().meta({ description: `true or false: ${words}` });
const secret = (words: string) =>
  text(reference, `a reference to ${words}: env:NAME, env:NAME:-default, file:PATH or cmd:COMMAND`);
/** A map of known keys; a section whose lines are all comments is null to YAML, and means its defaults. */
const section = <S extends z.core.$ZodShape>(shape: S, words: string) =>
  z.preprocess((value) => value ?? {}, z.strictObject(shape).meta({ description: words })).prefault({});

function software(service: string, version: string, configure: readonly string[], page: string) {
  return {
    version: text(/^\d{1,3}\.\d{1,3}\.\d{1,3}$/, `the version of ${service}, like ${version}`).default(
      version,
    ),
    from: z
      .enum(['source', 'package'])
      .meta({ description: 'source (./configure && make && make install) or package (apt-get, dnf or yum)' })
      .default('source'),
    prefix: text(
      absolute,
      `the absolute path that ${service} is installed under, of letters, digits and _.+-`,
    ).default(`/usr/local/${service}`),
    configure: z
      .union([
        z.string(),
        z.array(
          z.string().meta({
            description:
              'an option of ./configure, like --with-NAME or --NAME=VALUE; --prefix is the key prefix',
          }),
        ),
      ])
      .meta({
        description: 'options of ./configure: a list, or one line as sh would read it',
      })
      .transform((value, context): string[] => {
        const { options, wrong } = configureOptions(value);
        for (const [at, message] of wrong)
          context.addIssue({ code: 'custom', message, input: value, path: at === null ? [] : [at] });
        return options;
      })
      .prefault([...configure]),
    sha256: text(/^[0-9A-Fa-f]{64}$/, 'the sha256 of the tarball, 64 hexadecimal digits').optional(),
    urls: z
      .array(text(url, 'an http:, https: or file:/// URL, where {version} stands for the version'))
      .min(1)
      .meta({ description: 'a list of URLs of the tarball, tried in order' })
      .default([page]),
  };
}

function build() {
  // One parse a run: compiling parsers costs more than they save.
  z.config({ jitless: true });
  const ssh = {
    user: text(user, 'a login name').optional(),
    port: whole(1, 65535, 'a port').optional(),
    identity_file: text(
      localPath,
      'the path of a private key, relative to this file or from / or ~',
    ).optional(),
    jump: text(jump, '[user@]host[:port] of a jump host, several separated by commas').optional(),
    host_key: text(
      /^SHA256:[A-Za-z0-9+/]{43}=?$/,
      'the fingerprint of the host key, as ssh-keygen -l prints it: SHA256:…',
    ).optional(),
    password: secret('the password of the login').optional(),
    sudo_password: secret('the password for sudo').optional(),
  };
  const host = {
    address: text(hostAddress, 'an IP address, a DNS name or an alias of ~/.ssh/config').optional(),
    interface: text(device, interfaceWords).optional(),
    ssh: section(ssh, 'how to reach the host, where that differs from what `ssh -G` says'),
    ansible_host: text(hostAddress, 'an IP address, a DNS name or an alias of ~/.ssh/config').optional(),
    ansible_port: whole(1, 65535, 'a port').optional(),
    ansible_user: text(user, 'a login name').optional(),
  };
  const vip = {
    name: text(name, 'a name of letters, digits and _.-, like VI_1').optional(),
    address: z
      .string()
      .refine((value) => !/^[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(%\S*)?(\/\d*)?(\s|$)/.test(value), {
        error: 'is an IPv6 address; haup manages IPv4 VIPs only',
        abort: true,
      })
      .regex(cidr4)
      .meta({ description: 'an IPv4 address, with or without its prefix length, like 192.168.160.161/24' }),
    hosts: z
      .array(text(name, 'the name of a host'))
      .min(2)
      .meta({ description: 'at least two hosts: first the master, then its backups in order' }),
    virtual_router_id: whole(1, 255, 'a VRID that no other VIP on the network has').optional(),
    priorities: z
      .array(whole(1, 254, 'a priority'))
      .min(2)
      .meta({ description: prioritiesWords })
      .optional(),
    advert_int: z.number().min(0.01).max(255).meta({ description: advertWords }).optional(),
    interface: text(device, interfaceWords).optional(),
  };
  const check = {
    enabled: flag('keepalived asks nginx for a page and gives its VIPs away when there is no answer').default(
      true,
    ),
    interval: whole(1, 3600, 'seconds between checks').default(2),
    timeout: whole(1, 3600, 'seconds until a check has failed, not more than the interval').default(1),
    fall: whole(1, 100, 'failed checks after which nginx counts as dead').default(2),
    rise: whole(1, 100, 'good checks after which nginx counts as alive').default(2),
  };
  const vrrp = {
    version: z
      .literal([2, 3])
      .meta({ description: '2 (clear-text password, whole seconds) or 3 (neither)' })
      .default(2),
    advert_int: z.number().min(0.01).max(255).meta({ description: advertWords }).default(1),
    priorities: z
      .array(whole(1, 254, 'a priority'))
      .min(2)
      .meta({ description: prioritiesWords })
      .default([250, 200, 150, 100, 50]),
    auth_pass: secret("VRRP's password, at most 8 characters").optional(),
    profile: z
      .enum(['default', 'documented'])
      .meta({
        description:
          'default, or documented: only what the source document has, without health check and drain',
      })
      .default('default'),
    unicast: flag('adverts go to each peer by unicast, where multicast does not pass').default(false),
    preempt_delay: whole(
      0,
      1000,
      'seconds that a returning master waits before it takes its VIP back',
    ).default(0),
    garp_master_refresh: whole(
      0,
      86400,
      "seconds between gratuitous ARPs of a VIP's holder, 0 for none",
    ).default(60),
    check: section(check, 'the health check of nginx'),
  };
  const site = {
    name: text(name, 'a name of letters, digits and _.-'),
    listen: z
      .array(
        z
          .union([z.int().min(1).max(65535), z.string().regex(listen)])
          .meta({ description: 'a port, or "address:port", with or without " default_server"' }),
      )
      .min(1)
      .meta({ description: 'a list of ports, like [80]' })
      .default([80]),
    server_names: z
      .array(text(serverName, 'a server name, like www.example.org, *.example.org or _'))
      .min(1)
      .meta({ description: 'a list of server names' })
      .default(['_']),
    root: text(
      absolute,
      'the absolute path of a directory on the hosts, of letters, digits and _.+-',
    ).optional(),
    proxy: z
      .array(text(upstream, 'an upstream, host or host:port'))
      .min(1)
      .meta({ description: 'a list of upstreams, like [10.0.0.5:8080]' })
      .optional(),
    stream: z
      .array(text(upstream, 'an upstream, host:port').regex(/:\d+$/))
      .min(1)
      .meta({ description: 'a list of upstreams for TCP connections, like [10.0.0.5:6443]' })
      .optional(),
    file: text(
      localPath,
      "the path of a file with the site's own nginx configuration, relative to this file",
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
      .meta({
        description:
          'systemd (a unit), or sysv: the init script of the source tree, where /etc/rc.d/init.d/functions is',
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
      .meta({ description: 'auto or a number from 1 to 1024' })
      .default('auto'),
    worker_connections: whole(1, 1048576, 'connections of a worker').default(1024),
    health_port: whole(
      1,
      65535,
      "a port that no site listens on: there haup's own server says on 127.0.0.1 whether nginx answers",
    ).default(488),
    sites: z
      .array(
        z.strictObject(site).meta({
          description: 'a site: name, listen, server_names, and one of root, proxy, stream or file',
        }),
      )
      .min(1)
      .meta({ description: 'a list of sites' })
      .default([{ name: 'default', listen: [80], server_names: ['_'] }]),
  };
  const hook = (moment: string) =>
    text(
      /^[^\n\r\0]*[^\s][^\n\r\0]*$/,
      `a command line for sh on the operator's machine, run ${moment}, with the event as JSON on stdin`,
    ).optional();
  const hooks = {
    before_apply: hook('before an apply or rollback changes anything; when it fails, nothing is changed'),
    after_apply: hook('after an apply or rollback, also one that failed'),
    before_host: hook("before a host's turn; when it fails, that host is not changed, and the apply stops"),
    after_host: hook("after a host's turn, also one that failed"),
    before_failover: hook('before a failover or failback; when it fails, nothing moves'),
    after_failover: hook('after a failover or failback, also one that failed'),
    timeout: whole(1, 3600, 'seconds that a hook may take').default(60),
  };
  const verify = {
    allow: z
      .array(z.enum(drillNames).meta({ description: `a drill: ${drillNames.join(', ')}` }))
      .meta({ description: 'a list of drills that haup verify may make on these hosts' })
      .default(['stop', 'drain']),
  };
  const builds = {
    on: z
      .enum(['first', 'each'])
      .meta({
        description: 'first (one host of a platform builds for all) or each (every host builds for itself)',
      })
      .default('first'),
  };
  const packages = {
    vault: flag('CentOS 7 and 8, whose mirrors are gone, install from the vault').default(false),
    lock_wait: whole(0, 3600, 'seconds that another run of the package manager is waited for').default(180),
  };
  const all = z
    .strictObject({
      hosts: z
        .record(text(name, 'a host name of letters, digits and _.-'), section(host, 'a host'))
        .meta({ description: 'a map of host names to hosts' }),
      vips: z
        .array(z.strictObject(vip).meta({ description: 'a VIP: address and hosts' }))
        .min(1)
        .meta({ description: 'a list of at least one VIP' }),
      vrrp: section(vrrp, 'the settings of VRRP'),
      keepalived: section(keepalived, 'what keepalived is installed'),
      nginx: section(nginx, 'what nginx is installed, and its sites'),
      hooks: section(hooks, 'commands to run before and after changes'),
      verify: section(verify, 'what haup verify may do'),
      build: section(builds, 'how builds are made'),
      fetch: z
        .enum(['controller', 'host'])
        .meta({
          description:
            'controller (this machine downloads the tarballs and pushes them) or host (each host downloads them)',
        })
        .default('controller'),
      packages: section(packages, 'how packages are installed'),
      firewall: z
        .enum(['open', 'leave'])
        .meta({
          description:
            'open (haup lets VRRP and nginx through the firewall that is active) or leave (you have done it)',
        })
        .default('open'),
    })
    .meta({
      description:
        'a map of hosts, vips, vrrp, keepalived, nginx, hooks, verify, build, fetch, packages and firewall',
    }) satisfies z.ZodType<Written>;
  return { all, host, vip, vrrp, check, site, keepalived };
}

let built: ReturnType<typeof build> | undefined;
/** Built on first use: `haup --help` must not pay for it. */
const schema = (): ReturnType<typeof build> => (built ??= build());

/** One way in which a value does not fit; `keys` are the unknown ones when that is the reason. */
export interface Issue {
  readonly code: string;
  readonly path: Path;
  readonly message: string;
  readonly keys: readonly string[];
}

export type Validated =
  | { readonly ok: true; readonly written: Written; readonly parts: Parts }
  | { readonly ok: false; readonly issues: readonly Issue[]; readonly parts: Parts };

/** Plain data → the inventory as written with its defaults, or every issue, and always what is well formed. */
export function validate(value: unknown): Validated {
  const result = schema().all.safeParse(value);
  const parts = salvage(value);
  if (result.success) return { ok: true, written: result.data, parts };
  return {
    ok: false,
    parts,
    issues: result.error.issues.map((issue) => ({
      code: issue.code,
      path: issue.path.map((step) => (typeof step === 'number' ? step : String(step))),
      message: issue.message,
      keys: issue.code === 'unrecognized_keys' ? issue.keys : [],
    })),
  };
}

function salvage(value: unknown): Parts {
  const { host, vip, vrrp, check, site, keepalived } = schema();
  const top = asMap(value);
  const hosts = top['hosts'];
  return {
    hosts: isMap(hosts) ? new Map(Object.entries(hosts).map(([key, each]) => [key, keep(host, each)])) : null,
    vips: asList(top['vips']).map((each) => keep(vip, each)),
    vrrp: keep(vrrp, top['vrrp']),
    check: keep(check, asMap(top['vrrp'])['check']),
    keepalived: keep(keepalived, top['keepalived']),
    sites: asList(asMap(top['nginx'])['sites']).map((each) => keep(site, each)),
  };
}

/** Each key that is well formed by itself, with its default. */
function keep<S extends z.core.$ZodShape>(shape: S, value: unknown): { [K in keyof S]?: z.output<S[K]> } {
  const from = asMap(value);
  const kept: Record<string, unknown> = {};
  for (const [key, type] of Object.entries(shape)) {
    const result = z.safeParse(type, from[key]);
    if (result.success) kept[key] = result.data;
  }
  return kept as { [K in keyof S]?: z.output<S[K]> };
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const asMap = (value: unknown): Record<string, unknown> => (isMap(value) ? value : {});
const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

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
