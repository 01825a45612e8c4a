/** What every connection does, on a server in this process and on a real sshd. */

import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Connection } from '../../src/ssh/transport.ts';
import { fakeSsh } from '../fakes/ssh-server.ts';
import { startSshd } from '../fakes/sshd.ts';
import { connectTo, failure, never, spec, sshConfig } from './spec.ts';
import { hangMs } from '../limits.ts';
import { scratchDirectory } from '../scratch.ts';

const servers = {
  'a server in this process': async () => {
    const server = await fakeSsh();
    return { port: server.port, config: sshConfig().file, server };
  },
  'a real sshd': async () => {
    const server = await startSshd();
    return { port: server.port, config: server.configFile, server };
  },
};

describe.each(Object.entries(servers))('%s', (_name, start) => {
  let end: AsyncDisposable;
  let connection: Connection;
  beforeAll(async () => {
    const { port, config, server } = await start();
    end = server;
    connection = await connectTo(spec(port, { user: 'root' }), config);
  });
  afterAll(async () => {
    await connection[Symbol.asyncDispose]();
    await end[Symbol.asyncDispose]();
  });
  const command = (script: string, timeoutMs = hangMs(20_000)) => ({ script, root: true, timeoutMs });

  test('names itself', () => expect([connection.host, connection.user]).toEqual(['keep_136', 'root']));

  test.each([0, 1, 7, 124, 127, 255])('a script ends with %i', async (code) => {
    const result = await connection.run(command(`echo out; echo err >&2; exit ${code}`), never);
    expect(result).toEqual({ code, stdout: Buffer.from('out\n'), stderr: Buffer.from('err\n') });
  });

  test('a script that kills itself', async () => {
    expect((await connection.run(command('kill -9 $$'), never)).code).toBe(137);
  });

  test('without stdin there is none', async () => {
    expect((await connection.run(command('cat | wc -c'), never)).stdout.toString()).toBe('0\n');
  });

  test.each([1, 300_000, 5_000_000])('%i bytes go in and out intact', async (size) => {
    const stdin = randomBytes(size);
    const { stdout, code } = await connection.run(
      { ...command('tee /dev/stderr 2>/dev/null'), stdin },
      never,
    );
    expect([code, stdout.length, sha256(stdout)]).toEqual([0, size, sha256(stdin)]);
  });

  test('a command that reads nothing of 5 MB', async () => {
    expect((await connection.run({ ...command('exit 3'), stdin: randomBytes(5_000_000) }, never)).code).toBe(
      3,
    );
  });

  test('lines as they come, with their stream', async () => {
    const lines: string[] = [];
    // It goes on when the first line has come: that one is not kept back until all are there.
    const flag = join(scratchDirectory(), 'go');
    chmodSync(dirname(flag), 0o755);
    await connection.run(
      command(`echo one; until [ -e ${flag} ]; do sleep 0.05; done; echo zwölf >&2; printf rest`),
      never,
      (line, stream) => {
        lines.push(`${stream} ${line}`);
        writeFileSync(flag, '');
      },
    );
    rmSync(dirname(flag), { recursive: true });
    expect(lines).toEqual(['stdout one', 'stderr zwölf', 'stdout rest']);
  });

  test('the limit', async () => {
    const since = performance.now();
    const error = await failure(connection.run(command('sleep 60', 1000), never));
    expect([error.code, error.hint]).toEqual([
      'COMMAND_TIMED_OUT',
      'haup stopped it. Check the host before you continue.',
    ]);
    expect(performance.now() - since).toBeLessThan(hangMs(10_000));
  });

  test('40 at once', async () => {
    const results = await Promise.all(
      Array.from({ length: 40 }, (_, index) => connection.run(command(`exit ${index}`), never)),
    );
    expect(results.map(({ code }) => code)).toEqual(Array.from({ length: 40 }, (_, index) => index));
  });

  test('a stream ends with its command, with its reader, and with its signal', async () => {
    const read = async (script: string, most: number, signal = never): Promise<string[]> => {
      const lines: string[] = [];
      for await (const line of connection.lines(command(script), signal)) {
        lines.push(line);
        if (lines.length === most) break;
      }
      return lines;
    };
    expect(await read('echo a; echo b', 9)).toEqual(['a', 'b']);
    expect(await read('while :; do echo x; sleep 0.01; done', 3)).toEqual(['x', 'x', 'x']);
    const over = new AbortController();
    const until = async (): Promise<string[]> => {
      const lines: string[] = [];
      for await (const line of connection.lines(command('echo a; sleep 9; echo b'), over.signal)) {
        lines.push(line);
        setTimeout(() => over.abort(), 50);
      }
      return lines;
    };
    expect(await until()).toEqual(['a']);
    expect(await read('echo a', 9, over.signal)).toEqual([]);
  });
});

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
