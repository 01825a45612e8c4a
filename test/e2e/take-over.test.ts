// suite: measures, all
import { beforeAll, describe, expect, test } from 'vitest';
import { figure, onHost, testLab } from './haup.ts';
import { held } from './holding.ts';
import { fast, ownLab } from './own-lab.ts';
import { expectServed } from './probing.ts';

// Two hosts that serve by daemons that haup did not put there, in several ways. Of haup they know nothing before each.
const { lab, inventory, inLab, well, underLoad } = ownLab(testLab('take-over'));
const hosts = ['keep_136', 'keep_137'] as const;
const on = (host: string, command: string): Promise<string> => onHost(lab, host, command);
const onBoth = (command: (host: string, at: number) => string): Promise<readonly string[]> =>
  Promise.all(hosts.map((host, at) => on(host, command(host, at))));

/** Runs haup under load, and expects that no request goes without an answer. */
async function withoutLoss(what: string, work: () => Promise<unknown>): Promise<void> {
  expectServed(await underLoad(what, work));
}

const instance = (name: string, vrid: number, priority: number, addresses: readonly string[]): string =>
  `vrrp_instance ${name} {
  state BACKUP
  interface ens33
  virtual_router_id ${vrid}
  priority ${priority}
  advert_int 1
  authentication {
    auth_type PASS
    auth_pass 1111
  }
  virtual_ipaddress {
${addresses.map((address) => `    192.168.160.${address}`).join('\n')}
  }
}`;
const put = (path: string, text: string): string =>
  `mkdir -p ${path.replace(/\/[^/]+$/, '')} && cat > ${path} <<'EOT'\n${text}\nEOT`;
/** A directory with a configuration of keepalived in two files, and of nginx with conf.d and sites-enabled. */
const nginxSites = (etc: string, host: string): string => `
${put(`${etc}/conf.d/app.conf`, `server { listen 80 default_server; server_name app.example.org; location / { return 200 "by hand on ${host}\\n"; } }`)}
${put(`${etc}/sites-available/shop`, 'server { listen 8081; server_name shop.example.org; return 404; }')}
mkdir -p ${etc}/sites-enabled && ln -sf ../sites-available/shop ${etc}/sites-enabled/shop`;

/** Every file of the configuration but samples, which a build brings and keeps; units; who runs; who has what. */
const seen = (etc: string): string => `set -f
find ${etc} ! -type d -printf '%y %m %u:%g %p %l\\n' | grep -v -e sample | sort
find ${etc} -type f ! -path '*sample*' -print0 | sort -z | xargs -0 sha256sum
find /etc/systemd/system \\( -path '*keepalived*' -o -path '*nginx*' -o -name 'hand-*' \\) -printf '%y %p %l\\n' | sort
for s in keepalived nginx hand-vrrp hand-web; do
  echo "$s $(systemctl is-enabled $s 2>/dev/null) $(systemctl is-active $s) $(readlink /proc/$(systemctl show -p MainPID --value $s)/exe)"
done
for f in files services units; do cat /var/lib/haup/record/$f 2>/dev/null; done
ls -d /usr/libexec/keepalived 2>/dev/null; ip -o -4 addr show ens33 | tr -s ' ' | cut -d ' ' -f 2-4 | sort`;

const bare = `systemctl disable --now hand-vrrp hand-web keepalived nginx >/dev/null 2>&1
DEBIAN_FRONTEND=noninteractive apt-get -qq -y purge $(dpkg-query -W -f '\${Package} ' 'keepalived*' 'nginx*' 'libnginx*' 2>/dev/null) >/dev/null 2>&1
rm -rf /etc/systemd/system/keepalived.service* /etc/systemd/system/nginx.service* /etc/systemd/system/hand-* /opt/hand /etc/keepalived /etc/nginx /usr/libexec/keepalived /var/lib/haup
systemctl daemon-reload; systemctl reset-failed; true`;

/** Each VIP is where its priorities want it. */
const settle = (): Promise<unknown> =>
  onBoth((_host, at) => {
    const has = (last: string): string => `ip -o addr | grep -q 160.${last}/`;
    const [own, others] = at === 0 ? ['161', '162'] : ['162', '161'];
    return `for i in $(seq 150); do { ${has(own)} && ! ${has(others)}; } && exit 0; sleep 0.1; done; ip -o addr; exit 1`;
  });

interface World {
  readonly what: string;
  readonly etc: string;
  readonly make: (host: string, at: number) => string;
  readonly says: readonly RegExp[];
}
const worlds: readonly World[] = [
  {
    what: 'daemons built by hand, by units of other names, one of which does not start at boot',
    // By the programs that haup has built, of which it remembers nothing any more.
    etc: '/opt/hand',
    make: (host, at) => `set -e
${put('/opt/hand/vrrp.conf', `include vips.d/*.conf`)}
${put('/opt/hand/vips.d/two.conf', instance('WEB', 51, at === 0 ? 150 : 100, ['161', '170']))}
${put('/opt/hand/vips.d/one.conf', instance('OTHER', 52, at === 0 ? 100 : 150, ['162']))}
${put('/opt/hand/nginx.conf', `pid /run/hand-web.pid;\nevents { }\nhttp { include conf.d/*.conf; include sites-enabled/*; }`)}
${nginxSites('/opt/hand', host)}
${put('/etc/systemd/system/hand-vrrp.service', `[Service]\nExecStart=/usr/local/keepalived/sbin/keepalived -n -f /opt/hand/vrrp.conf\n[Install]\nWantedBy=multi-user.target`)}
${put('/etc/systemd/system/hand-web.service', `[Service]\nType=forking\nPIDFile=/run/hand-web.pid\nExecStart=/usr/local/nginx/sbin/nginx -c /opt/hand/nginx.conf\nKillSignal=SIGQUIT\n[Install]\nWantedBy=multi-user.target`)}
systemctl daemon-reload; systemctl enable hand-vrrp 2>/dev/null; systemctl start hand-web hand-vrrp`,
    says: [
      /VIP 192\.168\.160\.170 \(WEB, VRID 51\), which the host holds now/,
      /daemon \/usr\/local\/keepalived\/sbin\/keepalived of hand-vrrp\.service, which reads \/opt\/hand\/vrrp\.conf/,
      /site shop\.example\.org on 8081 \(\/opt\/hand\/sites-enabled\/shop\)/,
      /stop and disable hand-web\.service/,
    ],
  },
  {
    what: 'package daemons',
    etc: '/etc/keepalived /etc/nginx',
    // Two VIPs in one instance, a third that the inventory does not name, another instance beside.
    make: (host, at) => `set -e
rm -rf /usr/local/keepalived /usr/local/nginx
DEBIAN_FRONTEND=noninteractive apt-get -qq -y install keepalived nginx >/dev/null 2>&1
rm -f /etc/nginx/sites-enabled/default
${put('/etc/keepalived/keepalived.conf', `! by hand\ninclude vips.d/*.conf`)}
${put('/etc/keepalived/vips.d/two.conf', instance('WEB', 60, at === 0 ? 150 : 100, ['161', '170']))}
${put('/etc/keepalived/vips.d/one.conf', instance('OTHER', 52, at === 0 ? 100 : 150, ['162']))}
${nginxSites('/etc/nginx', host)}
systemctl enable nginx keepalived 2>/dev/null; systemctl restart nginx keepalived`,
    says: [
      /VIP 192\.168\.160\.170 \(WEB, VRID 60\), which the host holds now/,
      /daemon \/usr\/sbin\/keepalived of keepalived\.service/,
      /\/etc\/keepalived\/vips\.d\/two\.conf is no longer read/,
      /site app\.example\.org on 80 \(\/etc\/nginx\/conf\.d\/app\.conf\)/,
      /site shop\.example\.org on 8081 \(\/etc\/nginx\/sites-enabled\/shop\)/,
    ],
  },
];

test('a VIP that gets another address is named, and its hosts change one after the other', async () => {
  const path = inventory(fast);
  await well(['apply', path, '--yes']);
  const other = inventory(fast, (it) => {
    it.vips.forEach((vip, at) => (vip['address'] = `192.168.160.${171 + at}`));
  });
  const planned = (await inLab(['plan', other])).stdout;
  expect(planned).toMatch(/VIP 192\.168\.160\.161 \(VI_1, VRID 51\), which the host holds now/);
  expect(planned).toMatch(/Stage 1 of 2: change keep_136[^]*Stage 2 of 2: change keep_137/);
  await well(['apply', other, '--yes']);
  await well(['apply', path, '--yes']);
});

describe.each(worlds)('a cluster of $what', ({ what, etc, make, says }) => {
  let path = '';
  let before: readonly string[] = [];
  beforeAll(() => onBoth(() => bare).then(() => undefined));

  test('is left alone without consent, and what would end is named', async () => {
    path = inventory();
    await onBoth(make);
    await settle();
    before = await onBoth(() => seen(etc));
    const planned = await inLab(['plan', path]);
    expect(planned.code).toBe(3);
    const text = planned.stdout.replace(/\n {6,}/g, ' ');
    expect(text).toMatch(/^Will disappear\n/m);
    for (const word of says) expect(text).toMatch(word);
    const { disappearing } = JSON.parse((await inLab(['plan', path, '--json'])).stdout) as {
      disappearing: { host: string; kind: string; ours: boolean }[];
    };
    expect(disappearing.filter(({ kind }) => kind === 'vip')).toMatchObject([
      { host: 'keep_136', ours: false },
      { host: 'keep_137', ours: false },
    ]);
    const refused = await inLab(['apply', path, '--yes']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/TAKE_OVER_NEEDED/);
    expect(refused.stderr).toMatch(/vip 192\.168\.160\.170/);
    expect(await onBoth(() => seen(etc))).toEqual(before);
  });

  test('is taken over without loss; a VIP that is configured alike has one holder at every moment', async () => {
    const vip = '192.168.160.162';
    const { [vip]: alike } = await held(lab, hosts, [vip], () =>
      withoutLoss(`${what}: taken over`, () => well(['apply', path, '--yes', '--take-over'])),
    );
    figure(`${vip}: ${alike?.nobodyMs.toFixed(1)} ms with nobody, ${alike?.bothMs.toFixed(1)} ms with both`);
    expect(alike?.nobodyMs).toBeLessThan(500);
    expect(alike?.bothMs).toBeLessThan(1500);
    expect((await inLab(['plan', path])).code).toBe(0);
    for (const said of await onBoth(() => 'ip -o addr; curl -s http://127.0.0.1/haup/host')) {
      expect(said).not.toMatch(/160\.170/);
      expect(said).toMatch(/^keep_13\d$/m);
    }
  });

  test('comes back to the last byte without loss, with its daemons, and is somebody else’s again', async () => {
    await withoutLoss(`${what}: rolled back`, () => well(['rollback', path, '--yes']));
    await settle();
    expect(await onBoth(() => seen(etc))).toEqual(before);
    expect((await inLab(['apply', path, '--yes'])).stderr).toMatch(/TAKE_OVER_NEEDED/);
  });
});
