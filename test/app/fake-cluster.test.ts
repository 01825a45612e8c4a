import { expect, test } from 'vitest';
import { sha256 } from '../../src/base/digest.ts';
import { statusRequest } from '../../src/desired/facts-request.ts';
import { gatherAll } from '../../src/facts/gather.ts';
import { fakeCluster } from '../fakes/cluster.ts';
import { apply, packaged, pair } from '../fakes/pair.ts';

test.each([
  ['nothing of its files is known', []],
  ['one is known', ['/etc/nginx/nginx.conf']],
])('a host in memory that is asked by the script answers with its facts: %s', async (_name, paths) => {
  const hosts = pair();
  await apply(packaged, hosts);
  const { hosts: asked } = fakeCluster(packaged, hosts);
  const never = new AbortController().signal;
  const bytes = paths.map((path) => {
    const file = hosts[0]?.facts().files[path];
    return Buffer.from((file?.state === 'present' ? file.text : null) ?? '');
  });
  expect(bytes.every(({ length }) => length > 0)).toBe(true);
  const known = new Map(bytes.map((one) => [sha256(one), one]));
  const found = await gatherAll(asked, () => ({ ...statusRequest(packaged), known }), never);
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
