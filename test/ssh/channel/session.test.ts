import { afterEach, describe, expect, test, vi } from 'vitest';
import { Secret } from '../../../src/model/secret.ts';
import type { Connection } from '../../../src/ssh/transport.ts';
import { startMark } from '../../../src/ssh/shell.ts';
import { type FakeSsh, fakeSsh } from '../../fakes/ssh-server.ts';
import { connectTo, failure, never, spec, sshConfig } from '../spec.ts';
import { waitFor } from '../../wait-for.ts';
import { hangMs } from '../../limits.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const it of open.splice(0).toReversed()) await it[Symbol.asyncDispose]();
});

async function connected(
  ...args: Parameters<typeof fakeSsh>
): Promise<{ server: FakeSsh; connection: Connection }> {
  const server = await fakeSsh(...args);
  open.push(server);
  const connection = await connectTo(spec(server.port), sshConfig().file);
  open.push(connection);
  return { server, connection };
}
const command = (script: string, timeoutMs = hangMs(10_000)) => ({ script, root: false, timeoutMs });
/** Without timers: those of these tests may be set by hand. */
async function started(server: FakeSsh): Promise<void> {
  while (server.commands.length === 0) await new Promise((resolve) => setImmediate(resolve));
}

describe('a connection that breaks', () => {
  test.each(['finish', 'reset'] as const)('%s: every command is lost, and the next one, too', async (how) => {
    const { server, connection } = await connected();
    const running = [
      failure(connection.run(command('echo part; sleep 5'), never)),
      failure(connection.run(command('sleep 5'), never)),
    ];
    const lines = failure(
      (async () => {
        for await (const _ of connection.lines(command('sleep 5'), never));
      })(),
    );
    await waitFor(() => expect(server.commands).toHaveLength(3));
    server[how]();
    for (const error of await Promise.all([...running, lines])) {
      expect([error.code, error.host, error.exit]).toEqual(['CONNECTION_LOST', 'keep_136', 'failed']);
    }
    expect((await failure(connection.run(command('true'), never))).code).toBe('CONNECTION_LOST');
  });

  test('silence: lost within 10 s', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { server, connection } = await connected();
    const running = failure(connection.run(command('sleep 5'), never));
    await started(server);
    server.silence();
    vi.advanceTimersByTime(7_400);
    expect(await Promise.race([running, Promise.resolve('pending')])).toBe('pending');
    vi.advanceTimersByTime(2_600);
    expect((await running).message).toBe('The connection to keep_136 was lost: it stopped responding.');
  });

  test('while nothing runs: no uncaught exception', async () => {
    const { server, connection } = await connected();
    server.reset();
    await waitFor(async () =>
      expect((await failure(connection.run(command('true'), never))).code).toBe('CONNECTION_LOST'),
    );
  });

  test('a channel that closes without an exit code is no success', async () => {
    const { connection } = await connected({
      exec: (_command, channel) => {
        channel.write(`${startMark}partial`);
        channel.end();
      },
    });
    expect((await failure(connection.run(command('true'), never))).code).toBe('CONNECTION_LOST');
  });

  test('a command that a signal ends has 128 + its number', async () => {
    const { connection } = await connected({
      exec: (_command, channel) => {
        channel.write(startMark);
        channel.exit('KILL');
        channel.end();
      },
    });
    expect((await connection.run(command('true'), never)).code).toBe(137);
  });
});

describe('limits and aborts', () => {
  test('a host that does not keep the limit itself', async () => {
    const { connection } = await connected({ exec: (_command, channel) => channel.write(startMark) });
    const since = performance.now();
    const error = await failure(connection.run(command('sleep 60', 1000), never));
    expect([error.code, error.hint]).toEqual([
      'COMMAND_TIMED_OUT',
      expect.stringContaining('may still be running'),
    ]);
    expect(performance.now() - since).toBeLessThan(hangMs(10_000));
  });

  test('a host that keeps it, heard late: start and end come at once, as to a machine that was busy', async () => {
    const { connection } = await connected({
      exec: (_command, channel) => {
        setTimeout(() => {
          channel.write(startMark);
          channel.exit(124);
          channel.end();
        }, 1050);
      },
    });
    const error = await failure(connection.run(command('sleep 60', 1000), never));
    expect([error.code, error.hint]).toEqual([
      'COMMAND_TIMED_OUT',
      expect.stringContaining('haup stopped it'),
    ]);
  });

  test('a script that ends with 124 by itself is within its limit', async () => {
    const { connection } = await connected();
    expect((await connection.run(command('exit 124', 1000), never)).code).toBe(124);
  });

  test('an abort returns at once: running, waiting for a slot, and before', async () => {
    const { server, connection } = await connected();
    const over = new AbortController();
    const all = Array.from({ length: 12 }, () =>
      failure(connection.run(command('sleep 60', 90_000), over.signal)),
    );
    await waitFor(() => expect(server.commands).toHaveLength(8));
    const since = performance.now();
    over.abort(new Error('enough'));
    for (const error of await Promise.all(all))
      expect([error.code, (error.cause as Error).message]).toEqual(['INTERRUPTED', 'enough']);
    expect((await failure(connection.run(command('true'), over.signal))).code).toBe('INTERRUPTED');
    expect(performance.now() - since).toBeLessThan(hangMs(10_000));
  });

  test('40 at once: 8 channels, no warning', async () => {
    const warnings: string[] = [];
    const warn = (warning: Error): unknown => warnings.push(warning.message);
    process.on('warning', warn);
    const { server, connection } = await connected();
    const results = await Promise.all(
      Array.from({ length: 40 }, (_, index) => connection.run(command(`echo ${index}`), never)),
    );
    expect(results.map(({ stdout }) => Number(stdout))).toEqual(
      Array.from({ length: 40 }, (_, index) => index),
    );
    expect(server.peak()).toBe(8);
    await new Promise(setImmediate);
    process.off('warning', warn);
    expect(warnings).toEqual([]);
  });

  test.each([1, 3])('a host that allows %i channels', async (maxSessions) => {
    const { server, connection } = await connected({ maxSessions });
    const results = await Promise.all(
      Array.from({ length: 12 }, () => connection.run(command('echo x'), never)),
    );
    expect(results).toHaveLength(12);
    expect(server.peak()).toBe(maxSessions);
  });

  test.each([1, 2])('a busy host that allows %i and cleans up late', async (maxSessions) => {
    const { connection } = await connected({ maxSessions, cleanupMs: 300 });
    const results = await Promise.all(
      [1, 2, 3, 4].map((code) => connection.run(command(`exit ${code}`), never)),
    );
    expect(results.map(({ code }) => code)).toEqual([1, 2, 3, 4]);
  });

  test('a host that allows none', async () => {
    const { connection } = await connected({ maxSessions: 0 });
    const errors = await Promise.all([1, 2, 3].map(() => failure(connection.run(command('true'), never))));
    expect(errors.map((error) => error.code)).toEqual([
      'SSH_UNSUPPORTED',
      'SSH_UNSUPPORTED',
      'SSH_UNSUPPORTED',
    ]);
  });
});

describe('bytes', () => {
  const text = 'é€😀 ligne\nzwölf\r\nund der Rest: ü';

  test('characters that packets cut in two stay whole', async () => {
    const { connection } = await connected({
      exec: (_command, channel) => {
        void (async () => {
          for (const byte of Buffer.from(startMark + text)) {
            channel.write(Buffer.of(byte));
            channel.stderr.write(Buffer.of(byte));
            await new Promise(setImmediate);
          }
          channel.exit(0);
          channel.end();
        })();
      },
    });
    const seen: string[][] = [];
    const { stdout, stderr } = await connection.run(command('x'), never, (line, stream) =>
      seen.push([stream, line]),
    );
    expect([stdout.toString(), stderr.toString()]).toEqual([text, text]);
    const lines = ['é€😀 ligne', 'zwölf', 'und der Rest: ü'];
    for (const stream of ['stdout', 'stderr'])
      expect(seen.filter((it) => it[0] === stream).map((it) => it[1])).toEqual(lines);
    const streamed: string[] = [];
    for await (const line of connection.lines(command('x'), never)) streamed.push(line);
    expect(streamed).toEqual(lines);
  });

  test('what login scripts say is not taken for output', async () => {
    const { connection } = await connected({
      exec: (_command, channel) => {
        channel.write(`Welcome!\n${startMark.slice(0, 3)}`);
        channel.stderr.write(`stty: not a tty\n${startMark}real trouble\n`);
        channel.write(`${startMark.slice(3)}the output`);
        channel.exit(0);
        channel.end();
      },
    });
    const { stdout, stderr } = await connection.run(command('x'), never);
    expect([stdout.toString(), stderr.toString()]).toEqual(['the output', 'real trouble\n']);
  });

  test('a reader that is slow holds the sender back, and loses nothing', async () => {
    const { connection } = await connected();
    let count = 0;
    for await (const line of connection.lines(command('seq 400000'), never)) {
      count += 1;
      if (Number(line) !== count) throw new Error(`${line} came as number ${count}`);
      if (count % 40_000 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(count).toBe(400_000);
  });

  test('a reader that stands still stops the sender', async () => {
    let sent = 0;
    const { connection } = await connected({
      exec: (_command, channel) => {
        channel.write(startMark);
        const more = (): void => {
          sent += 1;
          if (sent < 60) channel.write(`${'x'.repeat(1023)}\n`.repeat(1024), more);
        };
        more();
      },
    });
    for await (const _ of connection.lines(command('x'), never)) {
      await new Promise((resolve) => setTimeout(resolve, 600));
      break;
    }
    // Megabytes: 5,000 lines of 1 KiB, and what the windows and buffers of both sides hold.
    expect(sent).toBeLessThan(20);
  });

  test('lines of a command that fails: the lines, then why', async () => {
    const { connection } = await connected();
    const seen: string[] = [];
    const error = await failure(
      (async () => {
        for await (const line of connection.lines(command('echo one; echo trouble >&2; exit 3'), never))
          seen.push(line);
      })(),
    );
    expect([seen, error.code, error.detail]).toEqual([['one'], 'COMMAND_FAILED', ['trouble']]);
  });
});

describe('hosts that do not run commands', () => {
  test.each([
    ['a login shell that refuses', 1, 'This account is currently not available.\n'],
    ['a forced command that succeeds', 0, 'welcome to the menu\n'],
  ])('%s', async (_what, code, words) => {
    const { connection } = await connected({
      exec: (_command, channel) => {
        channel.write(words);
        channel.exit(code);
        channel.end();
      },
    });
    for (const root of [false, true]) {
      const error = await failure(connection.run({ ...command('true'), root }, never));
      expect([error.code, error.detail]).toEqual(['SSH_UNSUPPORTED', [words.trim()]]);
    }
  });
});

test('the password of sudo is not in the command', async () => {
  const server = await fakeSsh();
  open.push(server);
  const sudoPassword = new Secret('hunter2', 'env:P');
  const connection = await connectTo(spec(server.port, { sudoPassword }), sshConfig().file);
  open.push(connection);
  await connection.run({ ...command('true'), root: true }, never).catch(() => {});
  expect(server.commands.join()).not.toContain('hunter2');
});

test('a connection that is closed runs nothing more, and may be closed again', async () => {
  const { connection } = await connected();
  await connection[Symbol.asyncDispose]();
  expect((await failure(connection.run(command('true'), never))).code).toBe('CONNECTION_LOST');
  await connection[Symbol.asyncDispose]();
});

test('a silent host does not keep a connection from closing', async () => {
  const { server, connection } = await connected();
  server.silence();
  const since = performance.now();
  await connection[Symbol.asyncDispose]();
  expect(performance.now() - since).toBeLessThan(hangMs(10_000));
});
