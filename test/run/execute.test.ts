import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { HaupError, SeveralErrors } from '../../src/model/errors.ts';
import type { RunEvent } from '../../src/model/events.ts';
import type { Action } from '../../src/model/action.ts';
import type { Change, Plan, Stage } from '../../src/model/plan.ts';
import { execute } from '../../src/run/execute.ts';
import { bareFacts, type FakeHost, fakeHost } from '../fakes/host.ts';
import { quietRun } from '../fakes/run.ts';

const change = (id: string): Change => ({
  id,
  kind: 'user',
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
  // Hosts that join a cluster that serves are prepared together, and start one after the other.
  expect(gates).toEqual([['b']]);
});

test('a change with a condition of its own is done when that holds, and has failed when it does not', async () => {
  const gated: Stage = {
    ...stage('one', []),
    work: [{ host: 'a', changes: [{ ...change('drain'), after: ['released'] }, change('next')] }],
  };
  for (const holds of [true, false]) {
    const { hosts, events, options } = world(['a']);
    const seen: string[] = [];
    const running = execute(
      planOf([gated]),
      hosts,
      {
        ...options,
        gate: async () => {
          seen.push(events.map(({ type }) => type).join(' '));
          if (!holds) throw new HaupError('GATE_FAILED', 'no');
        },
      },
      new AbortController().signal,
    );
    if (holds) await running;
    else await expect(running).rejects.toMatchObject({ code: 'GATE_FAILED' });
    expect(seen[0]).toBe('changing');
    const told = events.map(({ type }) => type).filter((type) => type !== 'said');
    expect(told).toEqual(holds ? ['changing', 'changed', 'changing', 'changed'] : ['changing', 'failed']);
  }
});

test('a gate asks nothing of a host whose stage comes later', async () => {
  const { hosts, gates, options } = world(['a', 'b']);
  await execute(
    planOf([stage('one', ['a'], ['services']), stage('two', ['b'], ['services'])]),
    hosts,
    options,
    new AbortController().signal,
  );
  expect(gates).toEqual([['a'], ['a', 'b']]);
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

describe('hosts that change together', () => {
  const step = (id: string, round: number, action: Action): Change => ({
    id,
    kind: 'user',
    title: id,
    why: '',
    actions: [action],
    undo: [{ do: 'create-user', name: `undo ${id}` }],
    round,
    diffs: [],
  });
  const user = (name: string): Action => ({ do: 'create-user', name });
  const reload: Action = { do: 'reload-together', service: 'keepalived', atMs: null };
  const together = (hosts: readonly string[]): Stage => ({
    title: 'together',
    work: hosts.map((host) => ({
      host,
      changes: [step('first', 0, user('first')), step('then', 1, reload)],
    })),
    gate: ['http'],
  });

  test('wait for each other between rounds, and get one moment by the clock of each', async () => {
    const { hosts, options } = world(['a', 'b']);
    const order: string[] = [];
    const watched = new Map(
      [...hosts].map(([name, host]) => [
        name,
        {
          ...host,
          act: async (...args: Parameters<FakeHost['act']>) => {
            if (name === 'b') await new Promise((resolve) => setTimeout(resolve, 5));
            order.push(`${name} ${args[0].do}`);
            return host.act(...args);
          },
        },
      ]),
    );
    const agree = async (): Promise<Map<string, number>> =>
      new Map([
        ['a', 1000],
        ['b', 5000],
      ]);
    await execute(
      planOf([together(['a', 'b'])]),
      watched,
      { ...options, agree },
      new AbortController().signal,
    );
    expect(order).toEqual(['a create-user', 'b create-user', 'a reload-together', 'b reload-together']);
    const moments = [...hosts.values()].map((host) => host.acted.at(-1));
    expect(moments).toEqual([
      { ...reload, atMs: 1000 },
      { ...reload, atMs: 5000 },
    ]);
  });

  test('go back together when one of them fails, or the gate does', async () => {
    for (const gate of [false, true]) {
      const { hosts, options } = world(['a', 'b']);
      if (!gate)
        hosts.get('b')?.failOn('reload-together', new HaupError('SERVICE_FAILED', 'no', { host: 'b' }));
      const refusing = async (): Promise<void> => {
        throw new HaupError('GATE_FAILED', 'no');
      };
      const running = execute(
        planOf([together(['a', 'b'])]),
        hosts,
        gate ? { ...options, gate: refusing } : options,
        new AbortController().signal,
      );
      await expect(running).rejects.toMatchObject({ code: gate ? 'GATE_FAILED' : 'SERVICE_FAILED' });
      for (const name of ['a', 'b']) {
        expect(hosts.get(name)?.facts().users).toEqual(['first', 'undo first', 'undo then']);
      }
    }
  });

  test('are finished once they have begun to read it, also after Ctrl-C', async () => {
    const { hosts, gates, options } = world(['a', 'b']);
    const controller = new AbortController();
    const emit = (event: RunEvent): void => {
      if (event.type === 'changing' && event.change.id === 'then')
        controller.abort(new HaupError('INTERRUPTED', 'Interrupted.'));
    };
    const announced = { ...together(['a', 'b']), together: { why: [], expect: '' } };
    const plan = planOf([announced, stage('next', ['a'])]);
    const running = execute(plan, hosts, { ...options, emit }, controller.signal);
    await expect(running).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(gates).toEqual([['a', 'b']]);
    expect([...hosts.values()].map((host) => host.facts().users)).toEqual([['first'], ['first']]);
  });

  describe('that were entrusted with the rest', () => {
    const entrusted: Stage = {
      title: 'together',
      together: { why: [], expect: '' },
      work: ['a', 'b', 'c'].map((host) => ({
        host,
        changes: [
          step('first', 0, user('first')),
          step('entrust', 1, { do: 'entrust', service: 'keepalived', afterMs: 0 }),
          step('then', 2, reload),
          step('last', 3, user('last')),
        ],
      })),
      gate: ['http'],
    };
    const lost = new HaupError('CONNECTION_LOST', 'gone', { host: 'b' });
    const carriedOut = async (fails: Action['do'], error: HaupError) => {
      const { hosts, gates, events, options } = world(['a', 'b', 'c']);
      hosts.get('b')?.failOn(fails, error);
      await expect(execute(planOf([entrusted]), hosts, options, new AbortController().signal)).rejects.toBe(
        error,
      );
      return { gates, events, users: ['a', 'c'].map((name) => hosts.get(name)?.facts().users) };
    };

    test('go on when one of them is lost, which goes on by itself', async () => {
      const { users, gates, events } = await carriedOut('reload-together', lost);
      expect(users).toEqual([
        ['first', 'last'],
        ['first', 'last'],
      ]);
      expect(gates).toEqual([]);
      expect(events).toContainEqual(
        expect.objectContaining({ type: 'said', host: 'b', text: expect.stringMatching(/by itself/) }),
      );
    });

    test('stay as they are when one of them is lost before the last look at all of them', async () => {
      for (const code of ['CONNECTION_LOST', 'COMMAND_TIMED_OUT', 'GATE_FAILED'] as const) {
        const { hosts, options } = world(['a', 'b', 'c']);
        const error = new HaupError(code, 'gone', { host: 'b' });
        const gate = async (): Promise<void> => {
          throw error;
        };
        const signal = new AbortController().signal;
        await expect(execute(planOf([entrusted]), hosts, { ...options, gate }, signal)).rejects.toBe(error);
        const undone = code === 'GATE_FAILED';
        for (const name of ['a', 'b', 'c']) {
          expect(hosts.get(name)?.facts().users.includes('undo first')).toBe(undone);
        }
      }
    });

    test('are put back only when they do not go on by themselves any more', async () => {
      const { hosts, options } = world(['a', 'b', 'c']);
      hosts.get('b')?.failOn('reload-together', new HaupError('SERVICE_FAILED', 'no', { host: 'b' }));
      const withdrawing: Stage = {
        ...entrusted,
        work: entrusted.work.map((work) => ({
          ...work,
          changes: work.changes.map((one) =>
            one.id === 'entrust' ? { ...one, undo: [{ do: 'withdraw' }] } : one,
          ),
        })),
      };
      const signal = new AbortController().signal;
      await expect(execute(planOf([withdrawing]), hosts, options, signal)).rejects.toThrow('no');
      const acted = hosts.get('a')?.acted.map((action) => action.do) ?? [];
      expect(acted.indexOf('withdraw')).toBeGreaterThan(acted.indexOf('reload-together'));
      expect(acted.indexOf('withdraw')).toBeLessThan(acted.lastIndexOf('create-user'));
      expect(acted[acted.indexOf('reload-together') + 1]).toBe('withdraw');
    });

    test('go back when one of them was lost before it knew', async () => {
      const { users } = await carriedOut('entrust', lost);
      expect(users[0]).toEqual(['first', 'undo first', 'undo entrust']);
    });

    test('go back when one of them cannot do it', async () => {
      const { users } = await carriedOut(
        'reload-together',
        new HaupError('SERVICE_FAILED', 'no', { host: 'b' }),
      );
      expect(users[0]).toEqual(['first', 'undo first', 'undo entrust', 'undo then']);
    });
  });

  test('stop when the lock is taken away, and nothing is put back: somebody else may be at work', async () => {
    const { hosts, options } = world(['a', 'b']);
    const taken = new AbortController();
    const reason = new HaupError('LOCKED', 'taken', { host: 'b' });
    const emit = (event: RunEvent): void => {
      if (event.type === 'changed' && event.change.id === 'first') taken.abort(reason);
    };
    const announced = { ...together(['a', 'b']), together: { why: [], expect: '' } };
    const signal = new AbortController().signal;
    const running = execute(planOf([announced]), hosts, { ...options, emit, taken: taken.signal }, signal);
    await expect(running).rejects.toBe(reason);
    for (const name of ['a', 'b']) expect(hosts.get(name)?.facts().users).toEqual(['first']);
    expect(hosts.get('a')?.acted.map((action) => action.do)).not.toContain('reload-together');
  });

  test('nobody acts in a round that one of them did not reach', async () => {
    const { hosts, options } = world(['a', 'b']);
    hosts.get('b')?.failOn('create-user', new HaupError('DISK_FULL', 'no', { host: 'b' }));
    await expect(
      execute(planOf([together(['a', 'b'])]), hosts, options, new AbortController().signal),
    ).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(hosts.get('a')?.acted.map((action) => action.do)).not.toContain('reload-together');
  });
});

describe('the state of a host', () => {
  const keep = [
    { service: 'nginx', binary: '/n', prefix: null, entry: '/e', files: [], owns: [], unit: '/u' } as const,
  ];
  const kept = (gate: Stage['gate']): Stage => ({
    ...stage('one', ['a'], gate),
    work: [{ host: 'a', keep, changes: [change('one-1')] }],
  });

  test('is kept before the first change, with whose run it is and what follows', async () => {
    const { hosts, options } = world(['a']);
    await execute(
      planOf([kept(['http']), stage('two', ['a'])]),
      hosts,
      options,
      new AbortController().signal,
    );
    expect(hosts.get('a')?.acted[0]).toMatchObject({
      do: 'keep-state',
      label: { run: 'r1', changes: ['one-1', 'two-1', 'two-2'] },
    });
    expect(hosts.get('a')?.kept()).toHaveLength(1);
  });

  test('when it cannot be kept, nothing is changed', async () => {
    const { hosts, options } = world(['a']);
    hosts.get('a')?.failOn('keep-state', new HaupError('DISK_FULL', 'full', { host: 'a' }));
    await expect(
      execute(planOf([kept(['http'])]), hosts, options, new AbortController().signal),
    ).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(hosts.get('a')?.acted).toEqual([]);
  });
});

describe('turns', () => {
  const told = (refuse: string | null = null) => {
    const said: string[] = [];
    const turns = {
      before: async (host: string): Promise<void> => {
        said.push(`before ${host}`);
        if (host === refuse) throw new HaupError('HOOK_FAILED', 'no', { host });
      },
      after: async (host: string, _changes: readonly Change[], failure: unknown): Promise<void> =>
        void said.push(`after ${host} ${failure === null ? 'well' : 'badly'}`),
    };
    return { said, turns };
  };

  test('are told around what can be noticed, and not around preparations', async () => {
    const { hosts, options } = world(['a', 'b']);
    const { said, turns } = told();
    const stages = [stage('prepare', ['a', 'b']), stage('a', ['a'], ['http']), stage('b', ['b'], ['http'])];
    await execute(planOf(stages), hosts, { ...options, turns }, new AbortController().signal);
    expect(said).toEqual(['before a', 'after a well', 'before b', 'after b well']);
  });

  test('a refusal leaves the host and those after it as they are', async () => {
    const { hosts, options } = world(['a', 'b']);
    const { said, turns } = told('b');
    const stages = [stage('a', ['a'], ['http']), stage('b', ['b'], ['http'])];
    await expect(
      execute(planOf(stages), hosts, { ...options, turns }, new AbortController().signal),
    ).rejects.toMatchObject({ code: 'HOOK_FAILED', host: 'b' });
    expect(said).toEqual(['before a', 'after a well', 'before b']);
    expect(hosts.get('b')?.acted).toEqual([]);
  });

  test('the end is told also of one that failed', async () => {
    const { hosts, options } = world(['a']);
    const { said, turns } = told();
    hosts.get('a')?.failOn('create-user', new HaupError('COMMAND_FAILED', 'no', { host: 'a' }));
    await execute(
      planOf([stage('a', ['a'], ['http'])]),
      hosts,
      { ...options, turns },
      new AbortController().signal,
    ).catch(() => undefined);
    expect(said).toEqual(['before a', 'after a badly']);
  });
});

test('files that are put back before their daemon has read the new ones leave nothing unread', async () => {
  const { hosts, options } = world(['a']);
  const host = hosts.get('a');
  const write = (digest: string, text: string): Action => ({
    do: 'write',
    service: 'nginx',
    binary: '/n',
    entry: '/e',
    files: [
      {
        path: '/e',
        bytes: Buffer.from(text),
        mode: 0o644,
        owner: 'root:root',
        secret: false,
        expect: digest,
      },
    ],
    testing: [],
  });
  const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
  await host?.act(write('absent', 'old'), new AbortController().signal);
  await host?.act(
    {
      do: 'write-unit',
      service: 'nginx',
      file: {
        path: '/u',
        bytes: Buffer.from('u'),
        mode: 0o644,
        owner: 'root:root',
        secret: false,
        expect: 'absent',
      },
    },
    new AbortController().signal,
  );
  await host?.act({ do: 'service', service: 'nginx', verb: 'start' }, new AbortController().signal);
  const changes: Change[] = [
    {
      id: 'config:nginx',
      kind: 'config',
      title: 'w',
      why: '',
      actions: [write(sha('old'), 'new')],
      undo: [write(sha('new'), 'old')],
      diffs: [],
    },
    change('fails'),
    {
      id: 'service:nginx',
      kind: 'service',
      title: 'r',
      why: '',
      actions: [{ do: 'service', service: 'nginx', verb: 'reload' }],
      diffs: [],
    },
  ];
  host?.failOn('create-user', new HaupError('COMMAND_FAILED', 'no', { host: 'a' }));
  await execute(
    planOf([{ title: 'one', work: [{ host: 'a', changes }], gate: [] }]),
    hosts,
    options,
    new AbortController().signal,
  ).catch(() => undefined);
  expect(host?.facts().unread).toEqual([]);
  expect(host?.facts().files['/e']).toMatchObject({ text: 'old' });
});

test('a host that was drained for the change is undrained once it is put back, and stays drained otherwise', async () => {
  const drain: Change = { ...change('first'), kind: 'drain', actions: [{ do: 'drain', by: 'change' }] };
  const drainedAfter = async (healthy: boolean): Promise<number | null | undefined> => {
    const { hosts, options } = world(['a']);
    hosts.get('a')?.failOn('create-user', new HaupError('COMMAND_FAILED', 'no', { host: 'a' }));
    const gate = async (): Promise<void> => {
      if (!healthy) throw new HaupError('GATE_FAILED', 'nginx is not active', { host: 'a' });
    };
    const work = [{ host: 'a', changes: [drain, change('fails')] }];
    const plan = planOf([{ title: 'one', work, gate: [] }]);
    await execute(plan, hosts, { ...options, gate }, new AbortController().signal).catch(() => undefined);
    return hosts.get('a')?.facts().drain;
  };
  expect(await drainedAfter(true)).not.toBeLessThan(0);
  expect(await drainedAfter(false)).toBeLessThan(0);
});

describe('connections that are kept', () => {
  const turn: Stage = {
    title: 'turn',
    gate: ['settled'],
    work: [
      {
        host: 'a',
        changes: [
          { ...change('away'), after: ['released'] },
          change('restart'),
          { ...change('back'), after: ['services'] },
        ],
      },
    ],
  };

  /** What happens in a turn whose stage's gate does that. */
  async function told(
    stageGate: () => Promise<void>,
    earlier: () => Promise<void> = async () => undefined,
  ): Promise<readonly string[]> {
    const { hosts, options } = world(['a']);
    const seen: string[] = [];
    const running = execute(
      planOf([turn]),
      hosts,
      {
        ...options,
        emit: (event) => void (event.type === 'changing' && seen.push(event.change.id)),
        keep: async (_host, { id }) => {
          if (id === 'restart') return null;
          seen.push(`keep ${id}`);
          const end = async () => void seen.push(`end ${id}`);
          return { end, abandon: async () => void seen.push(`abandon ${id}`) };
        },
        awaitKept: async (_host, changes) => {
          seen.push(`before ${changes.map(({ id }) => id).join()}`);
          await earlier();
        },
        gate: async (checks) => {
          seen.push(checks.join());
          if (checks.includes('settled')) await stageGate();
        },
      },
      new AbortController().signal,
    );
    await running.catch((error: unknown) => seen.push((error as HaupError).code));
    return seen;
  }

  const before = 'before away,restart,back';
  const until = [
    before,
    'keep away',
    'away',
    'released',
    'end away',
    'restart',
    'keep back',
    'back',
    'services',
    'settled',
  ];

  test('have ended before a daemon is restarted, and before the next turn', async () => {
    expect(await told(async () => undefined)).toEqual([...until, 'end back']);
  });

  test('by an earlier run are waited for before anything is changed', async () => {
    const failing = () => Promise.reject(new HaupError('INTERRUPTED', 'no'));
    expect(await told(async () => undefined, failing)).toEqual([before, 'INTERRUPTED']);
  });

  test('are not waited for after a failure', async () => {
    const failing = () => Promise.reject(new HaupError('GATE_FAILED', 'no'));
    expect(await told(failing)).toEqual([...until, 'abandon back', 'GATE_FAILED']);
  });
});
