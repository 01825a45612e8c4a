import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Context } from '../../src/app/command-context.ts';
import { type RunHooks, runHooks } from '../../src/app/hooks.ts';
import type { HookName } from '../../src/model/domain.ts';
import { HaupError } from '../../src/model/errors.ts';
import { exampleInventory } from '../fakes/example.ts';
import { hangMs } from '../limits.ts';
import { scratchDirectory } from '../scratch.ts';

let directory: string;
let said: string[];
beforeEach(() => {
  directory = scratchDirectory();
  said = [];
});

function hooks(
  commands: Partial<Record<HookName, string>>,
  { timeout = 5, signal = new AbortController().signal } = {},
): RunHooks {
  const context = {
    cwd: '/',
    env: { ...process.env, GREETING: 'hello' },
    now: () => 0,
    signal,
  } as unknown as Context;
  const inventory = { ...exampleInventory(), file: `${directory}/i.yaml`, hooks: { commands, timeout } };
  return runHooks(context, inventory, { command: 'haup apply i.yaml', run: 'r1' }, (line) => said.push(line));
}

describe('a hook', () => {
  test('runs by sh in the directory of the inventory, with the event on stdin and the environment', async () => {
    await hooks({ before_apply: 'cat > event.json; echo "$GREETING"; echo two >&2' }).before('before_apply', {
      hosts: ['a'],
      changes: [{ id: 'config:nginx' }],
    });
    expect(JSON.parse(readFileSync(`${directory}/event.json`, 'utf8'))).toEqual({
      version: 1,
      hook: 'before_apply',
      time: '1970-01-01T00:00:00.000Z',
      command: 'haup apply i.yaml',
      run: 'r1',
      inventory: `${directory}/i.yaml`,
      hosts: ['a'],
      changes: [{ id: 'config:nginx' }],
    });
    expect(said.toSorted()).toEqual(['before_apply: hello', 'before_apply: two']);
  });

  test('that is not there is no hook', async () => {
    await hooks({}).before('before_apply', {});
    await hooks({}).after('after_apply', {});
    expect(said).toEqual([]);
  });

  test('may leave its stdin unread, however long the event is', async () => {
    await hooks({ before_apply: 'exit 0' }).before('before_apply', { more: 'x'.repeat(1_000_000) });
  });
});

describe('before something', () => {
  test.each([
    ['exit 3', /^The hook before_host failed with exit status 3\.$/],
    ['kill -TERM $$', /^The hook before_host was ended by SIGTERM\.$/],
    ['no-such-command-of-mine', /exit status 127/],
  ])('%s stops it, and is named', async (command, message) => {
    const refused = hooks({ before_host: command }).before('before_host', { host: 'keep_136' });
    await expect(refused).rejects.toMatchObject({
      code: 'HOOK_FAILED',
      exit: 'failed',
      host: 'keep_136',
      message: expect.stringMatching(message),
    });
  });

  test('it is ended with all that it has started when its time is up', async () => {
    const started = performance.now();
    const refused = hooks(
      { before_apply: `(sleep 3; touch ${directory}/late) & sleep 30` },
      { timeout: 1 },
    ).before('before_apply', {});
    await expect(refused).rejects.toThrow('The hook before_apply took longer than 1 s and was ended.');
    expect(performance.now() - started).toBeLessThan(hangMs(10_000));
    await sleep(2500);
    expect(existsSync(`${directory}/late`)).toBe(false);
  });

  test('Ctrl-C ends it', async () => {
    const controller = new AbortController();
    const waiting = hooks({ before_apply: 'sleep 30' }, { signal: controller.signal }).before(
      'before_apply',
      {},
    );
    setTimeout(() => controller.abort(new HaupError('INTERRUPTED', 'Interrupted.')), 50);
    await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

describe('after something', () => {
  test('a failure is a finding', async () => {
    const run = hooks({ after_host: 'exit 1', after_apply: 'true' });
    await run.after('after_host', { host: 'keep_137', ok: true });
    await run.after('after_apply', { ok: true });
    expect(run.findings()).toEqual([
      {
        check: 'hooks',
        level: 'warn',
        host: 'keep_137',
        message: 'the hook after_host failed with exit status 1',
      },
    ]);
  });

  test('it is told also when everything was interrupted', async () => {
    const controller = new AbortController();
    controller.abort(new HaupError('INTERRUPTED', 'Interrupted.'));
    await hooks({ after_apply: 'cat > told' }, { signal: controller.signal }).after('after_apply', {
      ok: false,
    });
    expect(JSON.parse(readFileSync(`${directory}/told`, 'utf8'))).toMatchObject({ ok: false });
  });
});
