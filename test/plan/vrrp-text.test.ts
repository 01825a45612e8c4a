import { expect, test } from 'vitest';
import { desire } from '../../src/desired/desire.ts';
import { loadRender } from '../../src/desired/load-render.ts';
import { vipsOf } from '../../src/plan/restored-goal.ts';
import { writtenInstances } from '../../src/plan/vrrp-text.ts';
import { exampleInventory } from '../fakes/example.ts';
import { factsOf, pair } from '../fakes/pair.ts';

const render = await loadRender();

test('what haup renders is read as what the inventory says', () => {
  const inventory = exampleInventory();
  const texts = new Map(
    desire(inventory, factsOf(pair()), render).map(({ host, resources }) => {
      const set = resources.flatMap((one) =>
        one.kind === 'config' && one.set.service === 'keepalived' ? [one.set] : [],
      )[0];
      const file = set?.files.find(({ path }) => path === set.entry);
      return [host, Buffer.from(file?.bytes ?? []).toString('utf8')] as const;
    }),
  );
  expect(writtenInstances(texts.get('keep_136') ?? '')).toEqual([
    {
      name: 'VI_1',
      interface: 'ens33',
      virtualRouterId: 51,
      priority: 100,
      advertInt: 1,
      version: 2,
      auth: 'PASS 1111',
      unicast: false,
      addresses: ['192.168.160.161'],
    },
    expect.objectContaining({ name: 'VI_2', priority: 80, addresses: ['192.168.160.162'] }),
  ]);
  expect(vipsOf(texts)).toEqual(
    inventory.vips.map((vip) => ({
      ...vip,
      members: vip.members.map((one) => ({ ...one, interface: 'ens33' })),
    })),
  );
  // Of a host that was not asked the inventory's word is taken, so that its VIPs are still waited for.
  const one = new Map([...texts].filter(([host]) => host === 'keep_136'));
  expect(vipsOf(one)).toEqual([]);
  expect(vipsOf(one, inventory.vips).map((vip) => vip.members.map(({ host }) => host))).toEqual([
    ['keep_136', 'keep_137'],
    ['keep_137', 'keep_136'],
  ]);
});

test('keepalived.conf as people write it', () => {
  const text = `! Configuration File for keepalived
global_defs { vrrp_version 3 # all of them
}
vrrp_instance "VI 1"
{
    state MASTER          # a word { that opens nothing
    interface eth0
    virtual_router_id 51; priority 150
    virtual_router_id 52  ! the last one counts
    advert_int 0.5
    unicast_src_ip 10.0.0.1
    unicast_peer { 10.0.0.2
    }
    virtual_ipaddress {
        10.0.0.9/24 dev eth0 label eth0:1
        10.0.0.8
    }
}
vrrp_instance VI_2 {
    interface eth0
    virtual_router_id 60
    version 2
    authentication { auth_type PASS
      auth_pass "12345678901" }
    virtual_ipaddress { 10.0.0.7 }
}
vrrp_instance none { interface eth0
}
virtual_server 10.0.0.9 80 { real_server 10.0.0.2 80 { weight 1 } }
`;
  expect(writtenInstances(text)).toEqual([
    expect.objectContaining({
      name: 'VI 1',
      virtualRouterId: 52,
      version: 3,
      advertInt: 0.5,
      auth: null,
      unicast: true,
      addresses: ['10.0.0.8', '10.0.0.9'],
    }),
    expect.objectContaining({
      name: 'VI_2',
      version: 2,
      auth: 'PASS 12345678',
      unicast: false,
      priority: 100,
      addresses: ['10.0.0.7'],
    }),
  ]);
});

test.each(['', '}}}', '{{{', 'vrrp_instance', 'vrrp_instance a {', '"', '{\n}\n{'])(
  'nonsense is no instance: %j',
  (text) => {
    expect(writtenInstances(text)).toEqual([]);
  },
);
