import { expect, test } from 'vitest';
import { statusRequest } from '../../src/desired/facts-request.ts';
import { gatherAll } from '../../src/facts/gather.ts';
import { fakeCluster } from '../fakes/cluster.ts';
import { apply, packaged, pair } from '../fakes/pair.ts';

test('a host in memory that is asked by the script answers with its facts', async () => {
  const hosts = pair();
  await apply(packaged, hosts);
  const { hosts: asked } = fakeCluster(packaged, hosts);
  const never = new AbortController().signal;
  const found = await gatherAll(asked, () => statusRequest(packaged), never);
  for (const host of hosts) {
    const {
      files,
      interfaces: _,
      clockMs: __,
      software: ___,
      record,
      firewall: ____,
      ...facts
    } = host.facts();
    expect(found.get(host.name)).toMatchObject(facts);
    expect(found.get(host.name)?.record).toMatchObject(record);
    for (const [path, file] of Object.entries(files)) expect(found.get(host.name)?.files[path]).toEqual(file);
  }
});
