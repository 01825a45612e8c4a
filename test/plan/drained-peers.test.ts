import { expect, test } from 'vitest';
import type { DrillName } from '../../src/model/fault.ts';
import { HaupError } from '../../src/model/errors.ts';
import { drainedBy } from '../../src/model/layout.ts';
import { refuseDrainedPeers } from '../../src/plan/drained-peers.ts';
import { exampleInventory } from '../fakes/example.ts';
import { type FakeHost, fakeHost } from '../fakes/host.ts';
import { apply, factsOf, pair, planFor, source } from '../fakes/pair.ts';

/** Both daemons are restarted: a host is drained for it. */
const rebuilt = exampleInventory((text) =>
  text.replace('[--sysconfdir=/etc]', '[--sysconfdir=/etc, --disable-lvs]'),
);
/** keep_136 has both VIPs. */
async function serving(drain: number, drill: DrillName | null = null): Promise<FakeHost[]> {
  const hosts = pair();
  await apply(source, hosts);
  return hosts.map((host) => (host.name === 'keep_137' ? fakeHost({ ...host.facts(), drain, drill }) : host));
}

function refused(hosts: readonly FakeHost[], inventory = rebuilt): HaupError | null {
  try {
    refuseDrainedPeers(planFor(inventory, hosts), inventory.vips, factsOf(hosts));
    return null;
  } catch (error) {
    if (error instanceof HaupError) return error;
    throw error;
  }
}

test('a host whose only peer is drained by an operator is not changed: what to do is said', async () => {
  const error = refused(await serving(drainedBy.operator));
  expect(error).toMatchObject({
    code: 'FAILOVER_REFUSED',
    host: 'keep_136',
    message: 'keep_136 cannot hand over 192.168.160.161 and 192.168.160.162 while keep_137 is drained.',
    hint: 'haup failback keep_137 puts it back into service; --limit keep_137 changes no other host. Nothing was changed.',
  });
});

test('a peer that an interrupted change has drained is put back by the next one', async () => {
  expect(refused(await serving(drainedBy.change))).toBeNull();
});

test('a peer that a drill of a killed verify has drained is restored before anything is changed', async () => {
  expect(refused(await serving(drainedBy.operator, 'drain'))).toBeNull();
});

test('nothing is refused where no host has to be drained, or another one can take over', async () => {
  expect(refused(await serving(drainedBy.operator), source)).toBeNull();
  expect(refused(await serving(0))).toBeNull();
  const [one, two] = await serving(drainedBy.operator);
  const alone = planFor(rebuilt, [one as FakeHost, two as FakeHost]);
  const limited = {
    ...alone,
    tracks: alone.tracks.map((stages) =>
      stages.map((stage) => ({ ...stage, work: stage.work.filter(({ host }) => host === 'keep_137') })),
    ),
  };
  expect(() =>
    refuseDrainedPeers(limited, rebuilt.vips, factsOf([one as FakeHost, two as FakeHost])),
  ).not.toThrow();
});
