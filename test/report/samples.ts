import { HaupError, SeveralErrors } from '../../src/model/errors.ts';
import type { Action } from '../../src/model/action.ts';
import type { Change, Plan, TextDiff } from '../../src/model/plan.ts';
import type { StatusReport } from '../../src/model/status-shape.ts';
import type { FailoverReport } from '../../src/model/failover-shape.ts';
import type { ConnectionFigures, DrillReport, VerifyReport } from '../../src/model/report.ts';

const recipe = {
  software: 'nginx',
  version: '1.22.1',
  prefix: '/usr/local/nginx',
  configure: ['--prefix=/usr/local/nginx'],
  tarball: { name: 'nginx-1.22.1.tar.gz', urls: [], sha256: '' },
  entry: '/usr/local/nginx/conf/nginx.conf',
} as const;

export const install: Action = { do: 'install', manager: 'apt-get', names: ['gcc'] };
export const build: Action = { do: 'configure', recipe };
export const start: Action = { do: 'service', service: 'nginx', verb: 'start' };

export function change(
  id: string,
  title: string,
  why: string,
  actions: Action[],
  diffs: TextDiff[] = [],
): Change {
  return { id, kind: 'config', title, why, actions, diffs };
}

function instance(host: string, priority: number): string {
  return `! Written by haup\n\nglobal_defs {\n    router_id ${host}\n}\n\nvrrp_instance VI_1 {\n    state ${
    priority === 100 ? 'MASTER' : 'BACKUP'
  }\n    interface ens33\n    virtual_router_id 51\n    priority ${priority}\n    advert_int 1\n    authentication {
        auth_type PASS\n        auth_pass ***\n    }\n    virtual_ipaddress {\n        192.168.160.161\n    }\n}\n`;
}

const nginxConf = 'events {}\nhttp {\n    include sites/*.conf;\n}\n';

const software: Change[] = [
  change(
    'packages',
    'Install packages',
    'not installed: gcc, libnl-3-dev, libnl-genl-3-dev, libpcre2-dev, libssl-dev, make, zlib1g-dev',
    [install],
  ),
  change('build:nginx', 'Build nginx 1.22.1 in /usr/local/nginx', 'nginx is not installed', [build]),
];

function configuration(host: string, priority: number): Change[] {
  return [
    change(
      'config:nginx',
      'Write the configuration of nginx',
      'nginx.conf is absent',
      [],
      [{ path: '/usr/local/nginx/conf/nginx.conf', before: null, after: nginxConf }],
    ),
    change(
      'config:keepalived',
      'Write the configuration of keepalived',
      'keepalived.conf is absent',
      [],
      [{ path: '/etc/keepalived/keepalived.conf', before: null, after: instance(host, priority) }],
    ),
    change('service:nginx', 'Enable and start nginx', 'it is not running', [start]),
  ];
}

export const freshPlan: Plan = {
  tracks: [
    [
      {
        title: 'packages and builds',
        work: [
          { host: 'keep_136', changes: software },
          { host: 'keep_137', changes: software },
        ],
        gate: ['versions'],
      },
      {
        title: 'keep_137, which holds no VIP',
        work: [{ host: 'keep_137', changes: configuration('keep_137', 80) }],
        gate: ['services', 'http'],
      },
      {
        title: 'keep_136',
        work: [{ host: 'keep_136', changes: configuration('keep_136', 100) }],
        gate: ['services', 'http', 'one-holder'],
      },
    ],
  ],
  same: [
    { host: 'keep_136', what: 'user nginx exists' },
    { host: 'keep_137', what: 'user nginx exists' },
  ],
  want: [],
};

export const smallPlan: Plan = {
  tracks: [
    [
      {
        title: 'keep_137, which holds no VIP',
        work: [
          { host: 'keep_136', changes: [] },
          {
            host: 'keep_137',
            changes: [
              change(
                'config:keepalived',
                'Write the configuration of keepalived',
                'keepalived.conf differs',
                [],
                [
                  {
                    path: '/etc/keepalived/keepalived.conf',
                    before: instance('keep_137', 80),
                    after: instance('keep_137', 90),
                  },
                  { path: '/etc/keepalived/old.conf', before: 'a\nb\n', after: null },
                  { path: '/etc/keepalived/secret', before: '***\n', after: '***\n' },
                  { path: '/etc/keepalived/end', before: 'one\r\ntwo', after: 'one\ntwo\n' },
                ],
              ),
            ],
          },
        ],
        gate: [],
      },
    ],
  ],
  same: ['nginx 1.22.1 is installed, built from the same recipe', 'nginx runs and is enabled'].flatMap(
    (what) => [
      { host: 'keep_136', what },
      { host: 'keep_137', what },
    ],
  ),
  want: [],
};

export const clustersPlan: Plan = {
  tracks: [
    ...smallPlan.tracks,
    [],
    [{ title: 'db_1', work: [{ host: 'db_1', changes: software }], gate: [] }],
  ],
  same: smallPlan.same,
  want: [],
};

export const emptyPlan: Plan = {
  tracks: [[{ title: 'nothing here', work: [{ host: 'keep_136', changes: [] }], gate: [] }]],
  same: [
    ...smallPlan.same,
    { host: 'keep_137', what: 'holds no VIP, so the check of its holder does not apply' },
  ],
  want: ['keep_136', 'keep_137'].map((host) => ({ host, resources: [] })),
};

export const configureFailed: HaupError = new HaupError(
  'CONFIGURE_FAILED',
  './configure of nginx 1.20.1 failed with code 1',
  {
    host: 'keep_137',
    hint: 'set nginx.version to 1.22.1 or newer, or install the headers of PCRE 1; the whole output is in /var/log/haup/run.log',
    detail: [
      'checking for PCRE library ... not found',
      '',
      './configure: error: the HTTP rewrite module requires PCRE.',
    ],
  },
);

export const inventoryInvalid: HaupError = new HaupError(
  'INVENTORY_INVALID',
  'inventory.yaml has 1 mistake',
  {
    hint: 'nothing was contacted',
    detail: [
      'inventory.yaml:7:5 virtual_router_id: 300 is more than 255',
      '  7 |     virtual_router_id: 300',
      '    |     ^',
    ],
  },
);

function silent(host: string): HaupError {
  return new HaupError('HOST_UNREACHABLE', 'no answer on port 22 within 15 s', {
    host,
    hint: 'is the host up?',
  });
}

export const several: SeveralErrors = new SeveralErrors([
  silent('keep_136'),
  new HaupError('HOST_KEY_CHANGED', 'the host key is not the one that is known', {
    host: 'keep_138',
    detail: ['known  SHA256:Xk3F0m', 'now    SHA256:9dJw2a'],
    hint: 'if the host was installed anew: ssh-keygen -R keep_138',
  }),
  silent('keep_137'),
]);

const took = {
  drill: 'stop',
  title: 'stop keepalived on keep_136',
  began: 'stopped',
  ended: 'started again',
  bothHeldMs: 0,
  allowanceMs: 133,
  total: 2400,
  ok: true,
  reasons: [],
  restoredMs: 5200,
} as const;

export const stopDrill: DrillReport = {
  ...took,
  from: 'keep_136',
  to: 'keep_137',
  outageMs: 698,
  boundMs: 688,
  lost: 137,
  retried: 0,
  noneHeldMs: 689,
  failback: { outageMs: 8, lost: 0, total: 1100, retried: 0 },
  timeline: [
    { host: 'keep_136', fromMs: -1200, toMs: 6 },
    { host: 'keep_137', fromMs: 695, toMs: 6900 },
    { host: 'keep_136', fromMs: 6905, toMs: 9500 },
  ],
  unanswered: [{ fromMs: 2, toMs: 700 }],
};

export const drainDrill: DrillReport = {
  ...stopDrill,
  drill: 'drain',
  title: 'drain keep_136',
  began: 'drained',
  ended: 'undrained',
  outageMs: 6,
  boundMs: 0,
  allowanceMs: 30,
  lost: 0,
  bothHeldMs: 4,
  noneHeldMs: 0,
  timeline: [
    { host: 'keep_136', fromMs: -1200, toMs: 3205 },
    { host: 'keep_137', fromMs: 3201, toMs: 6900 },
    { host: 'keep_136', fromMs: 6900, toMs: 9500 },
  ],
  unanswered: [],
};

const open = { open: 20, kept: 0, closed: 0, cut: 0, unanswered: 0, cutMs: null };
export const cutConnections: readonly ConnectionFigures[] = [
  { ...open, kind: 'busy', cut: 20, cutMs: { fromMs: 652, toMs: 870 } },
  { ...open, kind: 'idle', kept: 19, closed: 1 },
  { ...open, kind: 'underway', cut: 17, unanswered: 3, cutMs: { fromMs: 652.4, toMs: 12_340 } },
];

export const verified: VerifyReport = {
  version: 1,
  ok: true,
  vips: [{ address: '192.168.160.161', drills: [{ ...stopDrill, connections: cutConnections }, drainDrill] }],
};

export const refuted: VerifyReport = {
  version: 1,
  ok: false,
  vips: [
    {
      address: '192.168.160.161',
      drills: [
        {
          ...stopDrill,
          ok: false,
          outageMs: 1503,
          lost: 300,
          failback: null,
          reasons: ['the outage of 1503 ms is over the bound of 688 ms plus the allowance of 133 ms'],
          unanswered: [{ fromMs: 2, toMs: 1505 }],
        },
      ],
    },
    {
      address: '192.168.160.162',
      drills: [
        {
          ...stopDrill,
          title: 'stop keepalived on keep_137',
          from: 'keep_137',
          to: null,
          ok: false,
          outageMs: 12_500,
          lost: 2400,
          failback: null,
          restoredMs: null,
          reasons: ['no host took over within 12.5 s'],
          timeline: [{ host: 'keep_137', fromMs: -1200, toMs: 6 }],
          unanswered: [{ fromMs: 2, toMs: 12_500 }],
        },
      ],
    },
  ],
};

const active = (version: string) => ({ state: 'active', version });

export const well: StatusReport = {
  version: 1,
  ok: true,
  vips: [
    {
      address: '192.168.160.161',
      members: ['keep_136', 'keep_137'],
      holders: ['keep_136'],
      expected: 'keep_136',
    },
    {
      address: '192.168.160.162',
      members: ['keep_137', 'keep_136'],
      holders: ['keep_137'],
      expected: 'keep_137',
    },
  ],
  hosts: ['keep_136', 'keep_137'].map((name) => ({
    name,
    reachable: true,
    keepalived: active('2.2.4'),
    nginx: active('1.22.1'),
    drained: false,
  })),
  findings: [{ check: 'http', level: 'ok', vip: '192.168.160.161', message: 'answered by keep_136' }],
};

export const ill: StatusReport = {
  version: 1,
  ok: false,
  vips: [
    {
      address: '192.168.160.161',
      members: ['keep_136', 'keep_137'],
      holders: ['keep_136', 'keep_137'],
      expected: 'keep_136',
    },
    {
      address: '192.168.160.162',
      members: ['keep_137', 'keep_136'],
      holders: ['keep_136'],
      expected: 'keep_137',
    },
    { address: '192.168.160.163', members: ['keep_137', 'keep_136'], holders: [], expected: null },
  ],
  hosts: [
    {
      name: 'keep_136',
      reachable: true,
      keepalived: { state: 'inactive', version: null },
      nginx: active('1.22.1'),
      drained: false,
    },
    {
      name: 'keep_137',
      reachable: true,
      keepalived: active('2.2.4'),
      nginx: active('1.22.1'),
      drained: true,
    },
    { name: 'keep_138', reachable: false, keepalived: null, nginx: null, drained: false },
  ],
  findings: [
    {
      check: 'one-holder',
      level: 'fail',
      vip: '192.168.160.161',
      message: 'keep_136 and keep_137 hold it at once (split brain)',
      hint: 'VRRP adverts do not pass between them: look for a firewall that drops IP protocol 112.',
    },
    {
      check: 'drained',
      level: 'warn',
      host: 'keep_137',
      message: 'is drained and takes no VIP',
      hint: 'haup failback keep_137 ends that.',
    },
    { check: 'reachable', level: 'fail', host: 'keep_138', message: 'cannot be reached' },
  ],
};

export const moved: FailoverReport = {
  version: 1,
  ok: true,
  host: 'keep_136',
  mode: 'drain',
  vips: [
    {
      address: '192.168.160.161',
      from: 'keep_136',
      to: 'keep_137',
      outageMs: 7,
      lost: 0,
      total: 840,
      retried: 0,
    },
  ],
  before: [
    { address: '192.168.160.161', holders: ['keep_136'] },
    { address: '192.168.160.162', holders: ['keep_137'] },
  ],
  after: [
    { address: '192.168.160.161', holders: ['keep_137'] },
    { address: '192.168.160.162', holders: ['keep_137'] },
  ],
  reasons: [],
};
