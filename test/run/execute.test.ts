import { expect, test } from 'vitest';
import { HaupError, SeveralErrors } from '../../src/model/errors.ts';
import type { RunEvent } from '../../src/model/events.ts';
import type { Change, Plan, Stage } from '../../src/model/plan.ts';
import { execute } from '../../src/run/execute.ts';
import { bareFacts, fakeHost } from '../fakes/host.ts';
import { quietRun } from '../fakes/run.ts';

const change = (id: string): Change => ({
  id,
  title: id,
  why: '',
  actions: [{ do: 'create-user', name: id }],
  diffs: [],
});
const stage = (title: string, hosts: readonly string[], gate: Stage['gate'] = []): Stage => ({
  title,
  work: hosts.map((host) => ({ host, changes: [change(`${title}-1`), change(`${title}-2`)] })),
  gate,
});
const planOf = (...tracks: Stage[][]): Plan => ({ tracks, same: [], want: [] });

function world(names: readonly string[]) {
  const hosts = new Map(names.map((name) => [name, fakeHost(bareFacts(name))]));
  const events: RunEvent[] = [];
  const gates: (readonly string[])[] = [];
  const options = {
    ...quietRun,
    emit: (event: RunEvent) => void events.push(event),
    gate: async (_checks: readonly string[], members: readonly string[]) => void gates.push(members),
  };
  return { hosts, events, gates, options };
}

test('stages follow each other, each ended by its gate', async () => {
  const { hosts, gates, options } = world(['a', 'b']);
  await execute(
    planOf([stage('one', ['a', 'b']), stage('two', ['b'], ['http'])]),
    hosts,
    options,
    new AbortController().signal,
  );
  expect(hosts.get('b')?.facts().users).toEqual(['one-1', 'one-2', 'two-1', 'two-2']);
  expect(gates).toEqual([['a', 'b']]);
});

test('a host that fails stops its own track, and the other track goes on', async () => {
  const { hosts, events, options } = world(['a', 'b', 'c']);
  hosts.get('a')?.failOn('create-user', new HaupError('COMMAND_FAILED', 'no', { host: 'a' }));
  const running = execute(
    planOf([stage('one', ['a', 'b']), stage('two', ['b'])], [stage('one', ['c']), stage('two', ['c'])]),
    hosts,
    options,
    new AbortController().signal,
  );
  await expect(running).rejects.toMatchObject({ code: 'COMMAND_FAILED', host: 'a' });
  expect(hosts.get('b')?.facts().users).toEqual(['one-1', 'one-2']);
  expect(hosts.get('c')?.facts().users).toHaveLength(4);
  expect(events.filter(({ type }) => type === 'failed')).toHaveLength(1);
});

test('every failure is reported', async () => {
  const { hosts, options } = world(['a', 'b']);
  for (const name of ['a', 'b'])
    hosts.get(name)?.failOn('create-user', new HaupError('DISK_FULL', 'full', { host: name }));
  const error = await execute(
    planOf([stage('one', ['a', 'b'])]),
    hosts,
    options,
    new AbortController().signal,
  ).catch((e: unknown) => e);
  expect((error as SeveralErrors).errors.map(({ host }) => host)).toEqual(['a', 'b']);
});

test('an interruption is obeyed between two actions', async () => {
  const { hosts, options } = world(['a']);
  const controller = new AbortController();
  const emit = (event: RunEvent): void => {
    if (event.type === 'changed') controller.abort(new HaupError('INTERRUPTED', 'Interrupted.'));
  };
  await expect(
    execute(planOf([stage('one', ['a'])]), hosts, { ...options, emit }, controller.signal),
  ).rejects.toMatchObject({ code: 'INTERRUPTED' });
  expect(hosts.get('a')?.facts().users).toEqual(['one-1']);
});
