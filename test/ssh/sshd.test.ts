/** What only a real sshd, a real sudo and real processes can show. */

import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { Secret } from '../../src/model/secret.ts';
import { proxyTo } from '../fakes/ssh-server.ts';
import { password, type Sshd, type SshdUser, startSshd } from '../fakes/sshd.ts';
import { connectTo, failure, never, spec } from './spec.ts';
import { hangMs } from '../limits.ts';
import { waitFor } from '../wait-for.ts';

let sshd: Sshd;
beforeAll(async () => {
  sshd = await startSshd();
});
afterAll(async () => {
  await sshd[Symbol.asyncDispose]();
});

const right = new Secret(password, 'env:SUDO_PASSWORD');
const wrong = new Secret('wrong', 'env:SUDO_PASSWORD');
const asRoot = { root: true, timeoutMs: hangMs(20_000) };
const log = (user: SshdUser | 'root', sudoPassword: Secret | null = right, port = sshd.port) =>
  connectTo(spec(port, { user, sudoPassword }), sshd.configFile);
const sessions = (): number => sshd.log().split('Starting session: command').length - 1;

/** Waits until no process has this in its command line. */
async function gone(mark: string, timeout = hangMs(5000)): Promise<void> {
  await vi.waitFor(() => expect(spawnSync('pgrep', ['-af', '--', mark]).stdout.toString()).toBe(''), {
    timeout,
    interval: 50,
  });
}
/** Always three digits: none is the beginning of another, of a test that runs at the same time. */
let marks = 100;
/** An argument of sleep that no other process has. */
const mark = (): string => `${700 + process.pid}.${(marks += 1)}`;

describe('root', () => {
  test.each(['root', 'free', 'asked'] as const)(
    '%s becomes root, with stdin, codes and streams',
    async (user) => {
      await using connection = await log(user);
      const { code, stdout, stderr } = await connection.run(
        { ...asRoot, script: 'id -un; cat; echo e >&2; exit 3', stdin: Buffer.from('the data') },
        never,
      );
      expect({ code, out: stdout.toString(), err: stderr.toString() }).toEqual({
        code: 3,
        out: 'root\nthe data',
        err: 'e\n',
      });
      const stdin = randomBytes(3_000_000);
      const big = await connection.run({ ...asRoot, script: 'cat', stdin }, never);
      expect(stdin.equals(big.stdout)).toBe(true);
      const plain = await connection.run({ ...asRoot, root: false, script: 'id -un' }, never);
      expect(plain.stdout.toString()).toBe(`${user}\n`);
    },
  );

  test.each([
    ['root', 1, 1],
    ['free', 1, 1],
    ['asked', 2, 1],
  ] as const)('%s: %i round trips for the first command, %i for the next', async (user, first, next) => {
    await using connection = await log(user);
    for (const count of [first, next]) {
      const before = sessions();
      await connection.run({ ...asRoot, script: 'true' }, never);
      await waitFor(() => expect(sessions() - before).toBe(count));
    }
  });

  test('the password is in no process list, no environment and no stdin, and the way around sudo is removed', async () => {
    await using connection = await log('asked');
    const script = `cat; ps -eo args; [ -d "\${SUDO_COMMAND##* }" ] && echo left:$((1 + 1))
      p=$$; while [ "$(ps -o comm= -p $p)" != sshd ]; do cat /proc/$p/environ; p=$(ps -o ppid= -p $p | tr -d ' '); done`;
    const { stdout, code } = await connection.run({ ...asRoot, script, stdin: Buffer.from('in\n') }, never);
    const text = stdout.toString();
    // Not text itself: it is long, and of this machine.
    expect({
      code,
      stdin: text.slice(0, 3),
      listed: text.includes('sudo -k -S'),
      environment: text.includes('SUDO_COMMAND='),
      password: text.includes(password),
      directory: text.includes('/dev/shm/haup.'),
      left: text.includes('left:2'),
    }).toEqual({
      code: 0,
      stdin: 'in\n',
      listed: true,
      environment: true,
      password: false,
      directory: true,
      left: false,
    });
  });

  test.each([
    ['asked', null, /sudo requires a password/, /ssh\.sudo_password/],
    ['asked', wrong, /sudo refused the password from env:SUDO_PASSWORD/, /tried it once/],
    ['plain', null, /sudo requires a password/, /ssh\.sudo_password/],
    ['plain', right, /sudo does not allow it/, /Allow plain/],
    [
      'asked',
      new Secret(`${password}\nmore`, 'file:p'),
      /password from file:p has more than one line/,
      /the password alone/,
    ],
  ] as const)('%s with %s is refused', async (user, sudoPassword, message, hint) => {
    await using connection = await log(user, sudoPassword);
    const error = await failure(connection.run({ ...asRoot, script: 'id' }, never));
    expect([error.code, error.exit, error.host]).toEqual(['SUDO_REFUSED', 'unreachable', 'keep_136']);
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
    expect(JSON.stringify(error.detail)).not.toContain(password);
    expect(
      (await connection.run({ ...asRoot, root: false, script: 'id -un' }, never)).stdout.toString(),
    ).toBe(`${user}\n`);
  });

  test('a wrong password is tried once, however many commands there are', async () => {
    const attempts = (): number => sshd.sudoLog().split('incorrect password attempt').length - 1;
    const before = attempts();
    await using connection = await log('asked', wrong);
    const errors = await Promise.all(
      [1, 2, 3, 4, 5].map(() => failure(connection.run({ ...asRoot, script: 'id' }, never))),
    );
    expect(new Set(errors.map((error) => error.code))).toEqual(new Set(['SUDO_REFUSED']));
    const asked = sessions();
    expect((await failure(connection.run({ ...asRoot, script: 'id' }, never))).code).toBe('SUDO_REFUSED');
    expect([attempts() - before, sessions() - asked]).toEqual([1, 0]);
    expect(sshd.sudoLog()).toMatch(/1 incorrect password attempt/);
  });

  test('commands that start together share the trial', async () => {
    await using connection = await log('asked');
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        connection.run({ ...asRoot, script: `id -u; exit ${index}` }, never),
      ),
    );
    expect(results.map(({ code, stdout }) => [code, stdout.toString()])).toEqual(
      Array.from({ length: 12 }, (_, index) => [index, '0\n']),
    );
  });

  test('an abort during the trial leaves it to the next command', async () => {
    await using connection = await log('asked');
    const first = failure(connection.run({ ...asRoot, script: 'sleep 5' }, AbortSignal.timeout(30)));
    const second = connection.run({ ...asRoot, script: 'id -u' }, never);
    expect((await first).code).toBe('INTERRUPTED');
    expect((await second).stdout.toString()).toBe('0\n');
  });
});

describe.concurrent.each(['root', 'free', 'asked'] as const)('as %s, no process is left', (user) => {
  const script = (id: string): string => `sleep ${id} & while :; do echo tick; sleep ${id}; done`;

  test('when the reader of a stream stops', async () => {
    await using connection = await log(user);
    const id = mark();
    for await (const _ of connection.lines({ ...asRoot, script: script(id) }, never)) break;
    await gone(`sleep ${id}`);
  });

  test('when the signal of a stream aborts', async () => {
    await using connection = await log(user);
    const [id, over] = [mark(), new AbortController()];
    for await (const _ of connection.lines({ ...asRoot, script: script(id) }, over.signal)) over.abort();
    await gone(`sleep ${id}`);
  });

  test('when the connection is closed, or reset', async () => {
    await using proxy = await proxyTo(sshd.port);
    for (const how of ['close', 'reset'] as const) {
      const connection = await log(user, right, proxy.port);
      const id = mark();
      const reading = failure(
        (async () => {
          for await (const _ of connection.lines({ ...asRoot, script: script(id) }, never)) {
            if (how === 'reset') proxy.reset();
            else await connection[Symbol.asyncDispose]();
          }
        })(),
      );
      expect((await reading).code).toBe('CONNECTION_LOST');
      await gone(`sleep ${id}`);
      await connection[Symbol.asyncDispose]();
    }
  });

  test('when a command is over its limit', async () => {
    await using connection = await log(user);
    const id = mark();
    const error = await failure(
      connection.run({ ...asRoot, timeoutMs: 1000, script: `sleep ${id}; echo never` }, never),
    );
    // What haup says of it is in contract.test.ts; a host that is slow to answer may not have said that it was ended.
    expect(error.code).toBe('COMMAND_TIMED_OUT');
    await gone(`sleep ${id}`);
  });

  test('when a command with a lifeline is aborted; without one it goes on, to its limit', async () => {
    await using connection = await log(user);
    const running = (id: string): string => spawnSync('pgrep', ['-f', `sleep ${id}`]).stdout.toString();
    const aborted = async (
      id: string,
      command: { lifeline?: boolean; timeoutMs?: number },
    ): Promise<void> => {
      const [over, begun] = [new AbortController(), join(sshd.dir, `begun-${id}`)];
      const marked = `: >${begun}; sleep ${id}`;
      const error = failure(
        connection.run({ ...asRoot, timeoutMs: hangMs(20_000), ...command, script: marked }, over.signal),
      );
      await waitFor(() => expect(existsSync(begun)).toBe(true));
      over.abort();
      await error;
    };
    const [ended, goesOn, limited] = [mark(), mark(), mark()];
    await aborted(ended, { lifeline: true });
    await gone(`sleep ${ended}`);
    await aborted(goesOn, {});
    await waitFor(() => expect(running(goesOn)).not.toBe(''));
    spawnSync('pkill', ['-f', `sleep ${goesOn}`]);
    await gone(`sleep ${goesOn}`);
    await aborted(limited, { timeoutMs: 1000 });
    await gone(`sleep ${limited}`);
  });

  test('of a stream that ends by itself', async () => {
    await using connection = await log(user);
    const lines: string[] = [];
    for await (const line of connection.lines({ ...asRoot, script: 'id -u; echo over' }, never))
      lines.push(line);
    expect(lines).toEqual(['0', 'over']);
  });
});

test.concurrent('one that ignores SIGTERM is killed', async () => {
  await using connection = await log('root');
  const id = mark();
  const script = `trap '' TERM; echo up; while :; do sleep ${id}; done`;
  for await (const _ of connection.lines({ ...asRoot, script }, never)) break;
  await gone(`sleep ${id}`);
});

describe('sshd with limits', () => {
  test('MaxSessions 1: one after the other, without a pause', async () => {
    await using tight = await startSshd({ config: ['MaxSessions 1'] });
    await using connection = await connectTo(spec(tight.port, { user: 'root' }), tight.configFile);
    for (let code = 0; code < 30; code += 1) {
      expect((await connection.run({ ...asRoot, script: `exit ${code}` }, never)).code).toBe(code);
    }
  });

  test('MaxSessions 2 and MaxStartups 3', async () => {
    await using tight = await startSshd({ config: ['MaxSessions 2', 'MaxStartups 3'], hostKey: 'rsa' });
    const connections = await Promise.all(
      Array.from({ length: 6 }, () => connectTo(spec(tight.port, { user: 'root' }), tight.configFile)),
    );
    const results = await Promise.all(
      connections.flatMap((connection) =>
        [1, 2, 3, 4, 5].map((code) => connection.run({ ...asRoot, script: `exit ${code}` }, never)),
      ),
    );
    expect(results.map(({ code }) => code)).toEqual([
      1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5,
    ]);
    await Promise.all(connections.map((connection) => connection[Symbol.asyncDispose]()));
    expect(readFileSync(join(tight.dir, 'known_hosts'), 'utf8').trimEnd().split('\n')).toHaveLength(1);
  });

  test('a password, after the keys; too many keys', async () => {
    await using picky = await startSshd({ config: ['PubkeyAuthentication no'], hostKey: 'ecdsa' });
    await using connection = await connectTo(
      spec(picky.port, { user: 'plain', password: right }),
      picky.configFile,
    );
    expect(
      (
        await connection.run({ root: false, timeoutMs: hangMs(5000), script: 'id -un' }, never)
      ).stdout.toString(),
    ).toBe('plain\n');
    const error = await failure(
      connectTo(spec(picky.port, { user: 'plain', password: wrong }), picky.configFile),
    );
    expect([error.code, error.detail.at(-1)]).toEqual([
      'AUTH_REFUSED',
      'accepted there: password, keyboard-interactive',
    ]);
  });
});

describe('over jump hosts', () => {
  let far: Sshd;
  beforeAll(async () => {
    far = await startSshd({ hostKey: 'ecdsa' });
  });
  afterAll(async () => {
    await far[Symbol.asyncDispose]();
  });
  const children = (the: Sshd): string => spawnSync('pgrep', ['-P', String(the.pid)]).stdout.toString();
  /** Both hosts by name; the keys of each are those of the first sshd. */
  function config(lines: readonly string[]): string {
    const file = join(sshd.dir, `jump_${(marks += 1)}`);
    writeFileSync(
      file,
      [
        ...lines,
        `Host near`,
        `  HostName 127.0.0.1`,
        `  Port ${sshd.port}`,
        `  User plain`,
        `  IdentityFile ${sshd.identity}`,
        `Host far`,
        `  HostName 127.0.0.1`,
        `  Port ${far.port}`,
        `  User root`,
        `  IdentityFile ${far.identity}`,
        `Host *`,
        `  UserKnownHostsFile ${file}.known`,
        `  GlobalKnownHostsFile none`,
        '',
      ].join('\n'),
    );
    return file;
  }
  const hello = { root: true, timeoutMs: hangMs(5000), script: 'echo "$SSH_CONNECTION"' };

  test.each([
    ['of ssh_config', ['Host far', '  ProxyJump near'], {}],
    ['of the inventory', ['Host far', '  ProxyCommand false'], { jump: 'near' }],
    ['for all hosts, itself included', ['Host *', '  ProxyJump near'], {}],
    ['several in a row', [], { jump: 'near,far,near' }],
    ['each with its own', ['Host near', '  ProxyJump far'], { jump: 'near' }],
  ] as const)('%s', async (_what, lines, ssh) => {
    const file = config(lines);
    const connection = await connectTo({ ...spec(null, ssh, 'far') }, file);
    const { stdout } = await connection.run(hello, never);
    expect(stdout.toString()).toMatch(new RegExp(`127.0.0.1 ${far.port}\n$`));
    const known = readFileSync(`${file}.known`, 'utf8');
    expect(known).toContain(`[127.0.0.1]:${sshd.port} ssh-ed25519 `);
    expect(known).toContain(`[127.0.0.1]:${far.port} ecdsa-sha2-nistp256 `);
    await connection[Symbol.asyncDispose]();
    await waitFor(() => expect([children(sshd), children(far)]).toEqual(['', '']));
  });

  test('a jump host that is not known is refused before its login', async () => {
    const file = config([]);
    const before = sshd.log().length;
    const error = await failure(
      connectTo(spec(null, { jump: 'near' }, 'far'), file, { strictHostKey: 'yes' }),
    );
    expect([error.code, error.host, error.message]).toEqual([
      'HOST_KEY_UNKNOWN',
      'keep_136',
      'The host key of jump host near is not known.',
    ]);
    expect(sshd.log().slice(before)).not.toMatch(/Accepted|Failed publickey/);
  });

  test('a host that the jump host cannot reach', async () => {
    const error = await failure(connectTo(spec(9, { jump: 'near' }, '127.0.0.1'), config([])));
    expect([error.code, error.message]).toEqual([
      'HOST_UNREACHABLE',
      expect.stringContaining('The jump host cannot reach keep_136 (127.0.0.1:9)'),
    ]);
    await waitFor(() => expect(children(sshd)).toBe(''));
  });

  test('a circle', async () => {
    const error = await failure(
      connectTo(
        spec(null, {}, 'far'),
        config(['Host far', '  ProxyJump near', 'Host near', '  ProxyJump far']),
      ),
    );
    expect([error.code, error.hint]).toEqual(['SSH_UNSUPPORTED', expect.stringContaining('loop')]);
  });

  test('a jump host that goes away takes the connection with it', async () => {
    await using proxy = await proxyTo(sshd.port);
    const connection = await connectTo(
      spec(null, { jump: `plain@127.0.0.1:${proxy.port}` }, 'far'),
      config([`Match host 127.0.0.1 user plain`, `  IdentityFile ${sshd.identity}`]),
    );
    const running = failure(connection.run({ ...hello, script: 'sleep 9' }, never));
    setTimeout(proxy.reset, 100);
    expect((await running).code).toBe('CONNECTION_LOST');
    await connection[Symbol.asyncDispose]();
  });

  test('a jump host that falls silent, too', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await using proxy = await proxyTo(sshd.port);
    const connection = await connectTo(
      spec(null, { jump: `plain@127.0.0.1:${proxy.port}` }, 'far'),
      config([`Match host 127.0.0.1 user plain`, `  IdentityFile ${sshd.identity}`]),
    );
    const running = failure(connection.run({ ...hello, script: 'sleep 9' }, never));
    proxy.silence();
    vi.advanceTimersByTime(41_000);
    expect((await running).code).toBe('CONNECTION_LOST');
    await connection[Symbol.asyncDispose]();
  });
  afterEach(() => void vi.useRealTimers());
});
