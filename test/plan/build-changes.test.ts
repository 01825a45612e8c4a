import { expect, test } from 'vitest';
import { desire } from '../../src/desired/desire.ts';
import { loadRender } from '../../src/desired/load-render.ts';
import { clusters } from '../../src/cluster/clusters.ts';
import { buildsOf } from '../../src/plan/build-changes.ts';
import { type BuildPolicy, makePlan } from '../../src/plan/make-plan.ts';
import { eventData } from '../../src/report/json.ts';
import { apply, factsOf, source } from '../fakes/pair.ts';
import { bareFacts, fakeHost } from '../fakes/host.ts';

const render = await loadRender();
const other = { id: 'rocky', version: '9', name: 'Rocky Linux 9' };
const planned = (policy: Partial<BuildPolicy>, hosts = two()) =>
  makePlan(desire(source, factsOf(hosts), render), factsOf(hosts), source.vips, clusters(source), {
    on: 'first',
    cached: new Set(),
    ...policy,
  });
const two = () => ['keep_136', 'keep_137'].map((name) => fakeHost(bareFacts(name)));
const mixed = () => [
  fakeHost(bareFacts('keep_136')),
  fakeHost(bareFacts('keep_137', { os: other, packageManager: 'dnf' })),
];
const both = ['keepalived', 'nginx'];
const said = (policy: Partial<BuildPolicy>, hosts = two()) =>
  buildsOf(planned(policy, hosts)).map(
    ({ service, platform, builtOn, receivedBy }) =>
      `${service} for ${platform}: ${builtOn ?? 'kept'} → ${receivedBy.join(' ')}`,
  );

test('one platform: built on the first host, received by the others', () => {
  expect(said({})).toEqual(both.map((name) => `${name} for debian 12 x86_64: keep_136 → keep_137`));
});

test('two platforms, or build.on: each: every host builds, and none receives', () => {
  expect(said({}, mixed())).toEqual([
    ...both.map((name) => `${name} for debian 12 x86_64: keep_136 → `),
    ...both.map((name) => `${name} for rocky 9 x86_64: keep_137 → `),
  ]);
  expect(said({ on: 'each' })).toEqual([
    ...both.map((name) => `${name} for debian 12 x86_64: keep_136 → `),
    ...both.map((name) => `${name} for debian 12 x86_64: keep_137 → `),
  ]);
});

test('a build that this machine keeps is built on none', () => {
  const cached = new Set(buildsOf(planned({})).map(({ key }) => key));
  expect(cached.size).toBe(2);
  expect(said({ cached })).toEqual(
    both.map((name) => `${name} for debian 12 x86_64: kept → keep_136 keep_137`),
  );
});

test('nothing to build is no build', async () => {
  const hosts = two();
  await apply(source, hosts);
  expect(said({}, hosts)).toEqual([]);
});

test('an event of a change tells where its build comes from, and one of another change nothing', () => {
  const changes = planned({})
    .tracks.flat()
    .flatMap(({ work }) => work.flatMap((one) => one.changes));
  const install = changes.filter(({ id }) => id === 'install:nginx');
  const data = install.map((change) => eventData({ type: 'changing', host: 'a', change })['change']);
  const version = '1.22.1';
  expect(data).toMatchObject([
    { id: 'install:nginx', build: { service: 'nginx', version, role: 'built', from: null } },
    { id: 'install:nginx', build: { service: 'nginx', version, role: 'received', from: 'keep_136' } },
  ]);
  const packages = changes.find(({ id }) => id === 'packages');
  if (packages === undefined) throw new Error('no packages');
  expect(eventData({ type: 'changing', host: 'a', change: packages })['change']).not.toHaveProperty('build');
});
