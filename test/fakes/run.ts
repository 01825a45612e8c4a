import type { ExecuteOptions } from '../../src/run/execute-options.ts';

/** A run that says nothing, in which every gate is open and every host hears of a moment at once. */
export const quietRun: ExecuteOptions = {
  emit: () => undefined,
  now: () => 0,
  log: () => undefined,
  taken: new AbortController().signal,
  gate: async () => undefined,
  keep: async () => null,
  awaitKept: async () => {},
  packs: { ready: async () => undefined, put: async () => undefined, fail: () => undefined },
  label: {
    run: 'r1',
    who: 'ana@workstation',
    when: '2026-01-01T00:00:00.000Z',
    why: 'haup apply',
    inventory: 'i',
  },
  turns: { before: async () => undefined, after: async () => undefined },
  agree: async (hosts) => new Map(hosts.map(({ name }) => [name, 1])),
};
