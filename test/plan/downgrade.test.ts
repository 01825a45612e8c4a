import { describe, expect, test } from 'vitest';
import { HaupError } from '../../src/model/errors.ts';
import type { HostFacts } from '../../src/model/facts.ts';
import { refuseDowngrades } from '../../src/plan/make-plan.ts';
import { exampleInventory } from '../fakes/example.ts';
import { bareFacts, type FakeHost, fakeHost } from '../fakes/host.ts';
import { apply, packaged, pair, planFor, source } from '../fakes/pair.ts';

const built = (version: string): Partial<HostFacts> => ({
  software: {
    keepalived: null,
    nginx: { path: '/usr/local/nginx/sbin/nginx', version, configure: [], stamp: null },
  },
});
const refused = (hosts: readonly FakeHost[], inventory = source): HaupError | null => {
  try {
    refuseDowngrades(planFor(inventory, hosts));
    return null;
  } catch (error) {
    if (error instanceof HaupError) return error;
    throw error;
  }
};

// The inventory wants nginx 1.22.1.
test.each([
  ['1.22.1', false],
  ['1.22.0', false],
  ['1.9.15', false],
  ['1.22.2', true],
  ['1.26.3', true],
  ['1.100.0', true],
])('a build of nginx %s is refused to be replaced: %s', (version, is) => {
  expect(refused([fakeHost(bareFacts('keep_136', built(version)))])?.code).toBe(
    is ? 'DOWNGRADE_REFUSED' : undefined,
  );
});

test('it names what would go down and where, once for all hosts, and what to do', () => {
  const error = refused(['keep_136', 'keep_137'].map((name) => fakeHost(bareFacts(name, built('1.26.3')))));
  expect(error).toMatchObject({
    exit: 'failed',
    detail: ['nginx 1.26.3 → 1.22.1 on keep_136, keep_137'],
    hint: expect.stringMatching(/--allow-downgrade/),
  });
});

describe('a package that is replaced by a build', () => {
  test.each([
    ['1.26.3-3+deb13u7', 'active', true],
    ['1.22.1-9+deb12u11', 'active', false],
    ['1:1.20.1-22.el9', 'active', false],
    ['1.26.3-3+deb13u7', 'inactive', false],
  ])('%s, %s: %s', (version, active, is) => {
    const { services } = bareFacts('');
    const host = fakeHost(
      bareFacts('keep_136', {
        packages: { nginx: version },
        services: { ...services, nginx: { ...services.nginx, load: 'loaded', active } },
      }),
    );
    expect(refused([host]) !== null).toBe(is);
  });
});

test('nothing else is a downgrade: a first install, other options, a switch to packages', async () => {
  const hosts = pair();
  expect(refused(hosts)).toBeNull();
  await apply(source, hosts);
  const options = exampleInventory((text) =>
    text.replace('_stub_status_module]', '_stub_status_module, --with-debug]'),
  );
  expect(refused(hosts, options)).toBeNull();
  expect(refused(hosts, packaged)).toBeNull();
});
