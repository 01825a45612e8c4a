import { expect, test } from 'vitest';
import type { Action } from '../../src/model/action.ts';
import { HaupError } from '../../src/model/errors.ts';
import { beginGraces, endGraces } from '../../src/move/grace.ts';
import type { GraceOrder } from '../../src/move/grace-order.ts';
import type { DrillEnvironment } from '../../src/move/watch-move.ts';

const order: GraceOrder = {
  vip: '192.168.160.161',

  from: { host: 'keep_136', device: 'ens33', address: '192.168.160.136' },
  to: [{ host: 'keep_137', device: 'eth1', address: '192.168.160.137' }],
};
const never = new AbortController().signal;

/** Two hosts on a clock that moves when somebody waits. `connections`: how many are open after so many milliseconds. */
function hosts(
  connections: (ms: number, host: string) => number | { readonly text: string } | HaupError,
  refuses: (action: Action) => HaupError | null = () => null,
) {
  let ms = 0;
  const acted: string[] = [];
  const said: string[] = [];
  const environment = {
    now: () => ms,
    sleep: async (by: number, signal: AbortSignal) => {
      signal.throwIfAborted();
      ms += by;
    },
    act: async (host: string, action: Action) => {
      const refusal = refuses(action);
      acted.push(`${host} ${action.do}${refusal === null ? '' : ' refused'}`);
      if (refusal !== null) throw refusal;
    },
    read: async (host: string) => {
      const now = connections(ms, host);
      if (now instanceof HaupError) throw now;
      return Buffer.from(`${typeof now === 'number' ? now : now.text}\n`);
    },
    say: (text: string) => said.push(text),
  } as unknown as DrillEnvironment;
  return { environment, acted, said };
}

test('it ends as soon as no connection is left, the new holder first', async () => {
  const { environment, acted, said } = hosts((ms) => (ms < 7000 ? 12 : 0));
  const begun = await beginGraces([order], 60, 4_000, environment);
  const report = await endGraces(begun, 60, environment, never);
  expect(report.get(order.vip)).toEqual({ open: 12, asked: 0, cut: 0, afterMs: 7000, why: null });
  expect(acted).toEqual([
    'keep_137 grace-forward',
    'keep_136 grace-answer',
    'keep_137 grace-end',
    'keep_136 grace-end',
  ]);
  expect(said).toEqual([
    '192.168.160.161: 12 connections left on keep_136, for at most 60 s',
    '192.168.160.161: 12 connections left on keep_136, for at most 55 s',
  ]);
});

test('without an open connection nothing is waited for', async () => {
  const { environment, said } = hosts(() => 0);
  const report = await endGraces(await beginGraces([order], 60, 4_000, environment), 60, environment, never);
  expect(report.get(order.vip)).toEqual({ open: 0, asked: 0, cut: 0, afterMs: 0, why: null });
  expect(said).toEqual([]);
});

test('before its end nginx is asked to close what is idle; the rest is cut and counted', async () => {
  const { environment, acted } = hosts((ms) => (ms < 57_000 ? 9 : 2));
  const report = await endGraces(await beginGraces([order], 60, 4_000, environment), 60, environment, never);
  expect(report.get(order.vip)).toEqual({ open: 9, asked: 9, cut: 2, afterMs: 60_000, why: null });
  expect(acted.slice(2)).toEqual(['keep_136 service', 'keep_137 grace-end', 'keep_136 grace-end']);
});

test('a new holder that cannot forward is said, both hosts are as before, and nothing is waited for', async () => {
  const lacking = new HaupError('COMMAND_FAILED', 'It cannot.', {
    host: 'keep_137',
    detail: ['it has no nft'],
  });
  const { environment, acted, said } = hosts(
    () => 9,
    (action) => (action.do === 'grace-forward' ? lacking : null),
  );
  const report = await endGraces(await beginGraces([order], 60, 4_000, environment), 60, environment, never);
  expect(report.get(order.vip)).toEqual({
    open: null,
    asked: null,
    cut: null,
    afterMs: 0,
    why: 'keep_137: it has no nft',
  });
  expect(acted).toEqual([
    'keep_137 grace-forward refused',
    'keep_136 grace-answer',
    'keep_137 grace-end',
    'keep_136 grace-end',
  ]);
  expect(said[0]).toContain('open connections cannot be kept (keep_137: it has no nft)');
});

test('an old holder that is lost meanwhile ends the waiting, and what became of its connections is not known', async () => {
  const lost = new HaupError('CONNECTION_LOST', 'The connection was lost.', { host: 'keep_136' });
  const { environment } = hosts((ms) => (ms < 1000 ? 4 : lost));
  const report = await endGraces(await beginGraces([order], 60, 4_000, environment), 60, environment, never);
  expect(report.get(order.vip)).toMatchObject({ open: 4, cut: null, afterMs: 1000 });
  expect(report.get(order.vip)?.why).toContain('keep_136 cannot be asked');
});

test('an old holder whose lock ends with it is lost too, and the new holder ends its part', async () => {
  const { environment, acted } = hosts(() => 3);
  const begun = await beginGraces([order], 60, 4_000, environment);
  const gone = new HaupError('CONNECTION_LOST', 'The host is shutting down or rebooting.', {
    host: 'keep_136',
  });
  const report = await endGraces(begun, 60, environment, AbortSignal.abort(gone));
  expect(report.get(order.vip)).toMatchObject({
    open: 3,
    cut: null,
    why: 'keep_136 cannot be asked: The host is shutting down or rebooting.',
  });
  expect(acted).toContain('keep_137 grace-end');
});

test('a lock that was taken away leaves the hosts to their own timers', async () => {
  const { environment, acted } = hosts(() => 3);
  const begun = await beginGraces([order], 60, 4_000, environment);
  const taken = new HaupError('LOCKED', 'The lock on this host was broken.', { host: 'keep_136' });
  await expect(endGraces(begun, 60, environment, AbortSignal.abort(taken))).rejects.toThrow('broken');
  expect(acted).toEqual(['keep_137 grace-forward', 'keep_136 grace-answer']);
});

test('Ctrl-C leaves the hosts to their own timers', async () => {
  const { environment, acted } = hosts(() => 3);
  const begun = await beginGraces([order], 60, 4_000, environment);
  await expect(endGraces(begun, 60, environment, AbortSignal.abort(new Error('stopped')))).rejects.toThrow(
    'stopped',
  );
  expect(acted).toEqual(['keep_137 grace-forward', 'keep_136 grace-answer']);
});

test('a new holder that fails gives the VIP back, and what was lost with it is counted', async () => {
  const { environment } = hosts((ms, host) => {
    if (host === 'keep_137') return ms < 2000 ? { text: '5 held' } : new HaupError('CONNECTION_LOST', 'gone');
    return ms < 3000 ? 4 : { text: '4 held' };
  });
  const report = await endGraces(await beginGraces([order], 60, 4_000, environment), 60, environment, never);
  expect(report.get(order.vip)).toEqual({ open: 4, asked: 0, cut: 0, afterMs: 3000, why: null, returned: 5 });
});

test('where the VIP has not moved nothing is waited for', async () => {
  const { environment } = hosts(() => ({ text: '9 held' }));
  const report = await endGraces(await beginGraces([order], 60, 4_000, environment), 60, environment, never);
  expect(report.get(order.vip)).toEqual({ open: 0, asked: 0, cut: 0, afterMs: 0, why: null });
});
