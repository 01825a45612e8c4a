import { expect, test } from 'vitest';
import { keepingConnections } from '../../src/app/change-graces.ts';
import type { HostFacts } from '../../src/model/facts.ts';
import type { Host } from '../../src/model/host.ts';
import type { Change } from '../../src/model/plan.ts';
import { drainWhy, undrain } from '../../src/plan/host-drain.ts';
import { factsOf, pair, source } from '../fakes/pair.ts';
import { restartNginx } from '../fakes/restart-nginx.ts';

/** What hosts are told when a change begins; `seen`: the lines that tell what each has of VIPs. */
async function told(
  change: Change | readonly Change[],
  seen: Readonly<Record<string, readonly string[]>>,
): Promise<readonly string[]> {
  const members = pair();
  const acted: string[] = [];
  const hosts = new Map(
    members.map(({ name }) => [
      name,
      {
        name,
        read: async (script: string) =>
          Buffer.from(script.includes('count_connections') ? '0' : (seen[name] ?? []).join('\n')),
        act: async (action: { do: string; grace?: { vip: string } }) => {
          acted.push(`${name} ${action.do} ${action.grace?.vip.split('.')[3]}`);
          return { output: '' };
        },
      } as unknown as Host,
    ]),
  );
  const { keep, awaitKept } = await keepingConnections({
    goal: source,
    facts: factsOf(members),
    hosts,
    beside: new Set(),
    seconds: 60,
    emit: () => {},
  });
  if ('id' in change) await keep('keep_136', change);
  else await awaitKept('keep_136', change, new AbortController().signal);
  return acted.toSorted();
}

const drain = drainWhy('a daemon is restarted', []);
const [first, second] = ['192.168.160.161', '192.168.160.162'];

test('a host that is drained answers for the VIP that it gives up', async () => {
  expect(await told(drain, { keep_136: [first], keep_137: [second] })).toEqual([
    'keep_136 grace-answer 161',
    'keep_137 grace-forward 161',
  ]);
});

test('so does one that gave it up under a run that was cut off: its connections are waited for before it is restarted', async () => {
  expect(await told(drain, { keep_136: [`answer ${first}`], keep_137: [first, second] })).toEqual([
    'keep_136 grace-answer 161',
    'keep_137 grace-forward 161',
  ]);
});

test('a VIP that is elsewhere, and was never here, is left alone', async () => {
  expect(await told(drain, { keep_136: [], keep_137: [first, second] })).toEqual([]);
});

test('a VIP that comes back leaves its connections with the host that had it', async () => {
  expect(await told(undrain, { keep_136: [`answer ${first}`], keep_137: [first, second] })).toEqual([
    'keep_136 grace-forward 161',
    'keep_137 grace-answer 161',
  ]);
});

test('a VIP that comes back from a host that is left out is waited for: no gate sees it there', async () => {
  const looks = [['192.168.160.136'], [`answer ${first}`], [`answer ${first}`], [first]];
  const acted: string[] = [];
  const host = (name: string, seen: () => readonly string[]): [string, Host] => [
    name,
    {
      name,
      read: async (script: string) =>
        Buffer.from(script.includes('count_connections') ? '0' : seen().join('\n')),
      act: async (action: { do: string }) => {
        acted.push(`${name} ${action.do}`);
        return { output: '' };
      },
    } as unknown as Host,
  ];
  const { keep } = await keepingConnections({
    goal: source,
    facts: factsOf(pair()),
    hosts: new Map([
      host('keep_136', () => looks.shift() ?? [first]),
      host('keep_137', () => [first, second]),
    ]),
    beside: new Set(['keep_137']),
    seconds: 60,
    emit: () => {},
  });
  const kept = await keep('keep_136', undrain);
  expect(acted.toSorted()).toEqual(['keep_136 grace-forward', 'keep_137 grace-answer']);
  await kept?.end(new AbortController().signal);
  expect(looks).toEqual([]);
  expect(acted.slice(2).toSorted()).toEqual(['keep_136 grace-end', 'keep_137 grace-end']);
});

const answering = { keep_136: [`answer ${first}`], keep_137: [first, second] };

test('a host that a failover has drained is restarted when the connections that were left with it have ended', async () => {
  expect(await told([restartNginx], answering)).toEqual([
    'keep_136 grace-answer 161',
    'keep_136 grace-end undefined',
    'keep_137 grace-end undefined',
    'keep_137 grace-forward 161',
  ]);
});

test('that is not waited for where the changes drain the host, interrupt nothing, or it has the VIP again', async () => {
  expect(await told([drain, restartNginx, undrain], answering)).toEqual([]);
  const reload: Change = { ...restartNginx, actions: [{ do: 'service', service: 'nginx', verb: 'reload' }] };
  expect(await told([reload], answering)).toEqual([]);
  expect(await told([restartNginx], { keep_136: [first, `answer ${first}`], keep_137: [] })).toEqual([]);
});

test('with its peers left out, it is restarted when the connections have ended all the same', async () => {
  const counts = ['2', '1', '0'];
  const said: string[] = [];
  const facts = factsOf(pair()).get('keep_136') as HostFacts;
  const host = {
    name: 'keep_136',
    read: async (script: string) =>
      Buffer.from(script.includes('count_connections') ? (counts.shift() ?? '0') : `answer ${first}`),
  } as unknown as Host;
  const graces = [{ vip: first, part: 'answer', connections: 2, leftSeconds: 50 }] as const;
  const { awaitKept } = await keepingConnections({
    goal: source,
    facts: new Map([['keep_136', { ...facts, graces }]]),
    hosts: new Map([['keep_136', host]]),
    beside: new Set(),
    seconds: 60,
    emit: (event) => void said.push('text' in event ? event.text : ''),
  });
  await awaitKept('keep_136', [restartNginx], new AbortController().signal);
  expect(counts).toEqual([]);
  expect(said).toEqual([`${first}: 2 connections left on keep_136, for at most 50 s`]);
});
