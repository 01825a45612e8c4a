import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assumedFacts } from '../../src/desired/assume.ts';
import { desire } from '../../src/desired/desire.ts';
import type { Render } from '../../src/desired/load-render.ts';
import type { Inventory, Member, NginxSoftware, Site } from '../../src/model/domain.ts';
import { HaupError } from '../../src/model/errors.ts';
import { Secret } from '../../src/model/secret.ts';
import { read } from '../inventory/reading.ts';
import { pair, refusal, render, treeOf } from './hosts.ts';

const sites = `
    - { name: page }
    - { name: files, listen: [81], root: /srv/files }
    - { name: app, listen: ["10.0.0.5:82"], proxy: [10.0.0.7:8080] }
    - { name: body, listen: [83], file: body.conf }
    - { name: whole, listen: [84], file: whole.conf }
    - { name: api, listen: [6443], stream: [10.0.0.7:6443] }`;
const everything = (from: 'source' | 'package', listen = '80'): Inventory =>
  read(
    `hosts: { a: { address: 10.0.0.1, interface: e }, b: { address: 10.0.0.2, interface: e } }
vips: [{ address: 10.0.0.9, hosts: [a, b] }]
vrrp: { unicast: true, auth_pass: "env:X:-secret", preempt_delay: 5 }
keepalived: { version: 2.2.7, from: ${from} }
nginx:
  version: 1.22.1
  from: ${from}
  sites:${sites.replace('name: page', `name: page, listen: [${listen}]`)}`,
    {
      readText: (path) =>
        path.endsWith('whole.conf') ? 'server { listen 85; }\n' : 'location / { return 204; }\n',
    },
  );

/** Every template with the data that it is filled from, as `desire` fills it. */
const filled = new Map<string, object>();
const recording: Render = (template, data) => {
  filled.set(template, data);
  return render(template, data);
};
for (const from of ['source', 'package'] as const) {
  const inventory = everything(from);
  desire(inventory, assumedFacts(inventory), recording);
}
{
  const inventory = everything('source');
  const firewall = { tool: 'nftables', active: true, places: [], rules: [], others: [] } as const;
  const facts = [...assumedFacts(inventory)].map(([name, one]) => [name, { ...one, firewall }] as const);
  desire(inventory, new Map(facts), recording);
}

test('every template is used', () => {
  const there = readdirSync(join(import.meta.dirname, '../../templates')).filter((name) =>
    name.endsWith('.hbs'),
  );
  expect([...filled.keys()].map((name) => `${name}.hbs`).toSorted()).toEqual(there.toSorted());
});

/** In Handlebars' words, or in those of the guard around it. */
const asksFor = (key: string): RegExp => new RegExp(`asks for ${key},|"${key}" not defined`);

describe('a key that is missing is an error', () => {
  test.each([...filled])('%s', (template, data) => {
    const optional = unused(template);
    for (const key of Object.keys(data)) {
      const without = Object.fromEntries(Object.entries(data).filter(([name]) => name !== key));
      if (optional.includes(key)) expect(() => render(template, without)).not.toThrow();
      else expect(() => render(template, without), key).toThrow(asksFor(key));
    }
  });

  test('also below the top', () => {
    const data = filled.get('keepalived.conf');
    expect(() => render('keepalived.conf', { ...data, instances: [{ name: 'VI_1' }] })).toThrow(
      asksFor('state'),
    );
    expect(() =>
      render('keepalived.conf', { ...data, instances: [{ name: 'VI_1', state: 'BACKUP' }] }),
    ).toThrow(asksFor('interface'));
  });
});

/** What is handed to several templates and not used by all. */
function unused(template: string): readonly string[] {
  const unit = ['binary', 'entry', 'pid', 'state', 'checkNginx', 'started', 'release'];
  const uses: Record<string, readonly string[]> = {
    'keepalived.service': ['binary', 'entry', 'state', 'started', 'release'],
    'keepalived.dropin': ['state', 'started', 'release'],
    'nginx.service': ['binary', 'entry', 'pid'],
    'nginx.dropin': [],
  };
  if (uses[template] !== undefined) return unit.filter((key) => !uses[template]?.includes(key));
  if (template === 'site-stream.conf') return ['serverNames', 'identity'];
  return template === 'site-file.conf' ? ['listens', 'serverNames', 'identity'] : [];
}

test('an unknown template is an error', () => {
  expect(() => render('nope', {})).toThrow('no template nope');
});

test('a value with a line break is refused, and not shown', () => {
  const { message } = refusal(() => render('host.inc', { host: 'topsecret\nlocation / {}' }));
  expect(message).toMatch(/would add a line to host\.inc: host/);
  expect(message).not.toMatch(/topsecret/);
});

const lines = (inventory: Inventory): number[] =>
  Object.values(treeOf(inventory)).flatMap((files) =>
    Object.values(files).map((text) => text.split('\n').length),
  );
const plain = everything('source');
const piece = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 12 })
  .map((text) => `x${text.replaceAll('/', '_')}`);

const nginxWith = (change: Partial<NginxSoftware>): Inventory => ({
  ...plain,
  nginx: { ...plain.nginx, ...change },
});
const sitesWith = (change: Partial<Site>): Inventory =>
  nginxWith({ sites: plain.nginx.sites.map((site) => ({ ...site, ...change })) });
function hostNamed(name: string): Inventory {
  const member = (one: Member): Member => ({ ...one, host: one.host === 'a' ? name : one.host });
  return {
    ...plain,
    hosts: plain.hosts.map((host) => (host.name === 'a' ? { ...host, name } : host)),
    vips: plain.vips.map((vip) => {
      const [first, second, ...others] = vip.members;
      return { ...vip, members: [member(first), member(second), ...others.map(member)] };
    }),
  };
}

/** Each puts the text in some place of the inventory, past its schema. */
const places: Record<string, (text: string) => Inventory> = {
  'the name of a host': hostNamed,
  'the name of a VIP': (name) => ({ ...plain, vips: plain.vips.map((vip) => ({ ...vip, name })) }),
  'an interface': (device) => ({
    ...plain,
    hosts: plain.hosts.map((host) => ({ ...host, interface: device })),
  }),
  'the password': (password) => ({
    ...plain,
    vrrp: { ...plain.vrrp, authPass: new Secret(password, 'env:X') },
  }),
  'a prefix': (prefix) => nginxWith({ prefix: `/${prefix}` }),
  'an address to listen on': (listen) => sitesWith({ listen: ['80', listen] }),
  'a server name': (name) => sitesWith({ serverNames: [name] }),
  'an upstream': (upstream) => sitesWith({ serves: { kind: 'proxy', upstreams: [upstream] } }),
  'a root': (path) => sitesWith({ serves: { kind: 'root', path: `/${path}` } }),
};

describe('no value adds a line', () => {
  test.each(Object.entries(places))('%s', (_place, inventoryWith) => {
    const baseline = lines(inventoryWith('plain'));
    fc.assert(
      fc.property(piece, (text) => {
        let found: number[];
        try {
          found = lines(inventoryWith(text));
        } catch (error) {
          // Refused is as good; anything but a HaupError would be a mistake of haup's.
          if (error instanceof HaupError) return;
          throw error;
        }
        expect(found).toEqual(baseline);
      }),
      { numRuns: 150 },
    );
  });

  test('and the property can fail', () => {
    expect(lines(pair())).not.toEqual(lines(plain));
  });
});
