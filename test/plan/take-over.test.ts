import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { FileFact, HostFacts } from '../../src/model/facts.ts';
import type { HaupError } from '../../src/model/errors.ts';
import type { Plan } from '../../src/model/plan.ts';
import type { RunningDaemon } from '../../src/model/running.ts';
import { refuseTakeOver } from '../../src/plan/disappearing.ts';
import { portsOf } from '../../src/plan/stranger-daemons.ts';
import { serverBlocks } from '../../src/plan/running-sites.ts';
import { vipsIn, wholeText, withLowestPriority } from '../../src/plan/running-vrrp.ts';
import { HaupError as Failure } from '../../src/model/errors.ts';
import { exampleInventory } from '../fakes/example.ts';
import { bareFacts, type FakeHost, fakeHost } from '../fakes/host.ts';
import { apply, changesOf, ids, planFor, run, source } from '../fakes/pair.ts';

const present = (text: string): FileFact => ({
  state: 'present',
  sha256: createHash('sha256').update(text).digest('hex'),
  mode: 0o644,
  owner: 'root:root',
  text,
});
const texts: Readonly<Record<string, string>> = {
  '/etc/keepalived/keepalived.conf': 'global_defs {\n}\ninclude vips.d/*.conf\n',
  '/etc/keepalived/vips.d/web.conf': `vrrp_instance WEB {
  virtual_router_id 60
  priority 150
  virtual_ipaddress {
    192.168.160.161/24 dev ens33
    192.168.160.162
    192.168.160.170
  }
}
`,
  '/opt/web/nginx.conf': 'http {\n  include sites/*;\n}\n',
  '/opt/web/sites/shop': 'server { listen 80; server_name shop.example.org; }\nserver { listen 8443 ssl; }\n',
};
const keepalived: RunningDaemon = {
  service: 'keepalived',
  program: '/usr/sbin/keepalived',
  unit: 'keepalived.service',
  unitPath: '/lib/systemd/system/keepalived.service',
  enabled: false,
  entry: '/etc/keepalived/keepalived.conf',
  files: ['/etc/keepalived/keepalived.conf', '/etc/keepalived/vips.d/web.conf'],
};
const nginx: RunningDaemon = {
  service: 'nginx',
  program: '/opt/web/sbin/nginx',
  unit: 'hand-web.service',
  unitPath: '/etc/systemd/system/hand-web.service',
  enabled: true,
  entry: '/opt/web/nginx.conf',
  files: ['/opt/web/nginx.conf', '/opt/web/sites/shop'],
};

/** A host that serves by daemons that haup did not put there; `vips`: the last parts of those that it has. */
function handMade(name: string, vips: readonly string[], change: Partial<HostFacts> = {}): FakeHost {
  const own = `192.168.160.${name.slice(-3)}/24`;
  const base = bareFacts(name);
  return fakeHost({
    ...base,
    interfaces: [
      { name: 'ens33', up: true, addresses: [own, ...vips.map((last) => `192.168.160.${last}/32`)] },
    ],
    files: Object.fromEntries(Object.entries(texts).map(([path, text]) => [path, present(text)])),
    services: {
      ...base.services,
      keepalived: {
        ...base.services.keepalived,
        load: 'loaded',
        active: 'active',
        enabled: 'disabled',
        unit: keepalived.unitPath,
        program: keepalived.program,
      },
    },
    running: [keepalived, nginx],
    ...change,
  });
}
const cluster = (change: Partial<HostFacts> = {}): FakeHost[] => [
  handMade('keep_136', ['161', '162', '170'], change),
  handMade('keep_137', [], change),
];
const gone = (made: Plan, host: string): readonly string[] =>
  (made.disappearing ?? []).filter((one) => one.host === host).map(({ kind, what }) => `${kind} ${what}`);

describe('a cluster of somebody else', () => {
  test('is named, with what of it will not be there any more', () => {
    expect(gone(planFor(source, cluster()), 'keep_136')).toEqual([
      'vip 192.168.160.170 (WEB, VRID 60), which the host holds now',
      'daemon /usr/sbin/keepalived of keepalived.service, which reads /etc/keepalived/keepalived.conf',
      'file /etc/keepalived/vips.d/web.conf is no longer read',
      'site shop.example.org on 80 (/opt/web/sites/shop)',
      'site _ on 8443 (/opt/web/sites/shop)',
      'daemon /opt/web/sbin/nginx of hand-web.service, which reads /opt/web/nginx.conf',
      'file /opt/web/sites/shop is no longer read',
    ]);
  });

  test('needs consent, which a plan without anything of somebody else does not', () => {
    expect(() => refuseTakeOver(planFor(source, cluster()))).toThrow(
      expect.objectContaining({ code: 'TAKE_OVER_NEEDED', exit: 'usage' }) as HaupError,
    );
    const bare = ['keep_136', 'keep_137'].map((name) => fakeHost(bareFacts(name)));
    expect(() => refuseTakeOver(planFor(source, bare))).not.toThrow();
  });

  test('is changed standby first; the holder gives way before anything of it ends, and keepalived starts last', () => {
    const made = planFor(source, cluster());
    expect(made.tracks.flat().map(({ title }) => title)).toEqual([
      'prepare',
      'change keep_137',
      'change keep_136',
    ]);
    const [, standby, holder] = made.tracks.flat();
    expect(standby?.strangers).toEqual(['keep_136']);
    expect(ids(made, 'keep_137').slice(0, 2)).toEqual(['packages', 'user:keepalived_script']);
    expect(holder?.strangers).toBeUndefined();
    const [own, beside] = holder?.work ?? [];
    expect(own?.changes.map(({ id, round }) => [id, round])).toEqual([
      ['stand-back', undefined],
      ['step-down:keepalived', 1],
      ['install:keepalived', 2],
      ['install:nginx', 2],
      ['config:nginx', 2],
      ['config:keepalived', 2],
      ['unit:nginx', 2],
      ['unit:keepalived', 2],
      ['retire:nginx', 2],
      ['service:nginx', 2],
      ['service:keepalived', 2],
    ]);
    expect(own?.changes[0]).toMatchObject({
      after: ['covered'],
      addresses: ['192.168.160.161', '192.168.160.162'],
      strangers: ['keep_136'],
    });
    expect(beside).toMatchObject({ host: 'keep_137', changes: [{ id: 'announce', round: 1 }] });
  });

  test('makes way with its whole configuration, every priority at its lowest', () => {
    const [back] = changesOf(planFor(source, cluster()), 'keep_136').filter(({ id }) => id === 'stand-back');
    const [action] = back?.actions ?? [];
    if (action?.do !== 'stand-back') throw new Error('it does not stand back');
    const text = Buffer.from(action.bytes).toString('utf8');
    expect(text).toMatch(/^global_defs[^]*priority 1\n[^]*192\.168\.160\.170/);
    expect(text).not.toMatch(/include|priority 150/);
  });

  test('a second nginx on ports of its own goes on', () => {
    const beside: RunningDaemon = { ...nginx, files: ['/opt/web/nginx.conf', '/opt/web/sites/other'] };
    const files = {
      ...cluster()[0]?.facts().files,
      '/opt/web/sites/other': present('server { listen 9000; }'),
    };
    const made = planFor(source, cluster({ running: [keepalived, beside], files }));
    expect(ids(made, 'keep_136')).not.toContain('retire:nginx');
    expect(gone(made, 'keep_136').join()).not.toMatch(/opt\/web/);
  });

  test('one that no unit runs is refused: nobody could start it again', () => {
    const loose = { ...nginx, unit: null };
    expect(() => planFor(source, cluster({ running: [keepalived, loose] }))).toThrow(
      expect.objectContaining({ code: 'HOST_UNSUPPORTED' }) as HaupError,
    );
  });

  test('a host that cannot be finished has its files, its units and its daemons as they were', async () => {
    const hosts = cluster();
    const [, standby] = hosts;
    const before = standby?.facts();
    standby?.failOn('service', new Failure('SERVICE_FAILED', 'nginx does not start', { host: 'keep_137' }));
    await expect(run(planFor(source, hosts), hosts)).rejects.toMatchObject({ code: 'SERVICE_FAILED' });
    const after = standby?.facts();
    expect(after?.running).toEqual(expect.arrayContaining([...(before?.running ?? [])]));
    expect(after?.files['/etc/keepalived/keepalived.conf']).toEqual(
      before?.files['/etc/keepalived/keepalived.conf'],
    );
    expect(after?.files['/etc/systemd/system/nginx.service']).toBeUndefined();
    expect(after?.record.files).not.toContain('/etc/keepalived/keepalived.conf');
    expect(hosts[0]?.acted.filter(({ do: verb }) => verb === 'stand-back')).toEqual([]);
  });
});

test('a VIP with another address is named, needs no consent, and its hosts change one after the other', async () => {
  const hosts = [handMade('keep_136', ['161']), handMade('keep_137', ['162'])].map((host) =>
    fakeHost({ ...bareFacts(host.name), interfaces: host.facts().interfaces }),
  );
  await apply(source, hosts);
  const conf = '/etc/keepalived/keepalived.conf';
  const now = hosts.map((host) =>
    fakeHost({
      ...host.facts(),
      running: [{ ...keepalived, program: '/usr/local/keepalived/sbin/keepalived', files: [conf] }],
    }),
  );
  const other = exampleInventory((text) =>
    text.replace('192.168.160.161', '192.168.160.171').replace('192.168.160.162', '192.168.160.172'),
  );
  const made = planFor(other, now);
  expect(gone(made, 'keep_136')).toEqual([
    'vip 192.168.160.161 (VI_1, VRID 51), which the host holds now',
    'vip 192.168.160.162 (VI_2, VRID 52)',
  ]);
  expect(() => refuseTakeOver(made)).not.toThrow();
  expect(made.tracks.flat().map(({ title }) => title)).toEqual(['change keep_136', 'change keep_137']);
});

describe('what runs is read whoever wrote it', () => {
  test('with every include in its place', () => {
    const files: Record<string, string> = {
      '/etc/k/a.conf': 'one\n  include "b/*.conf"\ninclude /srv/c\nend',
      '/etc/k/b/1.conf': 'two\ninclude d',
      '/etc/k/b/d': 'three',
      '/srv/c': 'four',
    };
    expect(wholeText((path) => files[path] ?? null, '/etc/k/a.conf', Object.keys(files))).toBe(
      'one\ntwo\nthree\nfour\nend',
    );
  });

  test('addresses also outside of adverts; priorities of instances alone', () => {
    const text = `vrrp_instance A {
  virtual_router_id 9
  priority 200 # high
  virtual_ipaddress { 10.0.0.1/24 }
  virtual_ipaddress_excluded {
    10.0.0.2 dev eth0
  }
  virtual_rules {
    from 10.0.0.1 to 10.9.0.0/16 table 5 priority 300
  }
}`;
    expect(vipsIn(text).map(({ address }) => address)).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(withLowestPriority(text)).toBe(text.replace('priority 200', 'priority 1'));
  });

  test('servers of nginx, and where they listen', () => {
    const text = `# server { listen 1; }
upstream pool { server 10.0.0.5:80; }
server {
  listen 80; listen [::]:8080 ipv6only=on;
  server_name "a.example" b.example;
  location / { return 200 "; }"; }
}
stream { server { listen 192.0.2.1:6443; } }`;
    expect(serverBlocks(text)).toEqual([
      { names: 'a.example b.example', listens: ['80', '[::]:8080'] },
      { names: '_', listens: ['192.0.2.1:6443'] },
    ]);
    expect(portsOf(['80', '*:81', '[::]:82', '192.0.2.1', 'unix:/run/s'])).toEqual(['80', '81', '82', '80']);
  });
});
