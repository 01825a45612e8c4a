import { expect, test } from 'vitest';
import { withoutOwnRun } from '../../src/app/outcome.ts';
import { statusReport } from '../../src/check/status-report.ts';
import { gatherAll } from '../../src/facts/gather.ts';
import { statusRequest } from '../../src/desired/facts-request.ts';
import { fakeCluster } from '../fakes/cluster.ts';
import { packaged, pair } from '../fakes/pair.ts';

test('a command that has changed hosts does not report itself as in progress', async () => {
  const { hosts } = fakeCluster(packaged, pair());
  const found = await gatherAll(hosts, () => statusRequest(packaged), new AbortController().signal);
  const lockedBy = { who: 'ana@desk', since: '2026-11-29T10:00:00.000Z', why: 'haup apply' };
  const locked = new Map([...found].map(([host, facts]) => [host, { ...facts, lockedBy }]));
  expect(statusReport(packaged, locked, 0).runs).toEqual([{ ...lockedBy, hosts: [...found.keys()] }]);
  expect(statusReport(packaged, withoutOwnRun(locked), 0)).toEqual(statusReport(packaged, found, 0));
});
