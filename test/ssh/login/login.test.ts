import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import ssh2, { type AuthContext } from 'ssh2';
import { afterEach, describe, expect, test } from 'vitest';
import { Secret } from '../../../src/model/secret.ts';
import { fingerprint } from '../../../src/ssh/login/known-hosts.ts';
import { connect } from '../../../src/ssh/transport.ts';
import { type FakeSsh, fakeSsh, type KeyPair, makeKey, portOf, proxyTo } from '../../fakes/ssh-server.ts';
import { connectTo, failure, never, options, spec, sshConfig } from '../spec.ts';
import { hangMs } from '../../limits.ts';

const one = makeKey();
const two = makeKey('ecdsa');
const other = makeKey();
const secret = (value: string): Secret => new Secret(value, 'env:PASSWORD');

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const it of open.splice(0)) await it[Symbol.asyncDispose]();
});
async function server(...args: Parameters<typeof fakeSsh>): Promise<FakeSsh> {
  const the = await fakeSsh(...args);
  open.push(the);
  return the;
}

function put(dir: string, name: string, key: KeyPair): string {
  writeFileSync(join(dir, name), key.privateText, { mode: 0o600 });
  writeFileSync(join(dir, `${name}.pub`), key.publicText);
  return join(dir, name);
}

/** Accepts these keys and passwords. */
const accepting =
  (...good: readonly (KeyPair | string)[]) =>
  (context: AuthContext): boolean =>
    good.some((it) =>
      typeof it === 'string'
        ? context.method === 'password' && context.password === it
        : context.method === 'publickey' && context.key.data.equals(it.blob),
    );
const last = (key: KeyPair): string => key.blob.toString('base64').slice(-12);

describe('host keys', () => {
  test('a new one is recorded before any login, a known one accepted, a changed one refused', async () => {
    const config = sshConfig();
    const first = await server({ hostKeys: [one], auth: () => false });
    expect((await failure(connectTo(spec(first.port, { password: secret('p') }), config.file))).code).toBe(
      'AUTH_REFUSED',
    );
    expect(readFileSync(config.known, 'utf8')).toContain(one.blob.toString('base64'));

    const changed = await server({ hostKeys: [other] });
    const text = readFileSync(config.known, 'utf8').replace(`:${first.port}`, `:${changed.port}`);
    writeFileSync(config.known, text);
    const error = await failure(connectTo(spec(changed.port, { password: secret('p') }), config.file));
    expect(error.code).toBe('HOST_KEY_CHANGED');
    expect(error.detail).toEqual([
      `known   ${fingerprint(one.blob)} (ssh-ed25519) in ${config.known}:1`,
      `shown   ${fingerprint(other.blob)} (ssh-ed25519)`,
    ]);
    expect(error.hint).toContain(`ssh-keygen -R '[127.0.0.1]:${changed.port}' -f '${config.known}'`);
    // Nothing of the login was said to it.
    expect(changed.attempts).toEqual([]);
    expect(readFileSync(config.known, 'utf8')).toBe(text);
  });

  test('strict: by the option or by ssh_config', async () => {
    const the = await server();
    for (const [lines, strictHostKey] of [
      [[], 'yes'],
      [['StrictHostKeyChecking yes'], 'accept-new'],
    ] as const) {
      const config = sshConfig(lines);
      const error = await failure(connectTo(spec(the.port), config.file, { strictHostKey }));
      expect(error.code).toBe('HOST_KEY_UNKNOWN');
    }
    expect(the.attempts).toEqual([]);
  });

  test('the type that is known is asked for', async () => {
    const the = await server({ hostKeys: [one, two] });
    const config = sshConfig();
    writeFileSync(
      config.known,
      `[127.0.0.1]:${the.port} ecdsa-sha2-nistp256 ${two.blob.toString('base64')}\n`,
    );
    await using connection = await connectTo(spec(the.port), config.file, { strictHostKey: 'yes' });
    expect(connection.user).toBe('root');
  });

  test('HostKeyAlias, hashed', async () => {
    const the = await server({ hostKeys: [one] });
    const config = sshConfig(['HostKeyAlias my-alias', 'HashKnownHosts yes']);
    await (await connectTo(spec(the.port), config.file))[Symbol.asyncDispose]();
    expect(readFileSync(config.known, 'utf8')).toMatch(/^\|1\|/);
    expect(spawnSync('ssh-keygen', ['-F', 'my-alias', '-f', config.known]).status).toBe(0);
    await (await connectTo(spec(the.port), config.file, { strictHostKey: 'yes' }))[Symbol.asyncDispose]();
  });

  test('a pin of any of its keys', async () => {
    const rsa = makeKey('rsa');
    const the = await server({ hostKeys: [one, two, rsa] });
    for (const key of [one, two, rsa]) {
      const config = sshConfig();
      await using connection = await connectTo(
        spec(the.port, { hostKey: fingerprint(key.blob) }),
        config.file,
        { strictHostKey: 'yes' },
      );
      expect(connection.user).toBe('root');
    }
    const error = await failure(
      connectTo(spec(the.port, { hostKey: fingerprint(other.blob) }), sshConfig().file),
    );
    expect(error.code).toBe('HOST_KEY_CHANGED');
    expect(error.detail.join()).toContain(fingerprint(one.blob));
    expect(the.attempts.filter((attempt) => attempt !== '')).toEqual([]);
  });

  test('many at once record one line for each host, and none is torn', async () => {
    const config = sshConfig();
    const servers = await Promise.all(Array.from({ length: 6 }, () => server({ hostKeys: [one] })));
    await Promise.all(
      servers.flatMap((the) =>
        [1, 2, 3].map(async () => (await connectTo(spec(the.port), config.file))[Symbol.asyncDispose]()),
      ),
    );
    const lines = readFileSync(config.known, 'utf8').trimEnd().split('\n').toSorted();
    expect(lines).toEqual(
      servers.map((the) => `[127.0.0.1]:${the.port} ssh-ed25519 ${one.blob.toString('base64')}`).toSorted(),
    );
  });

  test('an impostor that shows the right key without having it is not recorded', async () => {
    const the = await server({ hostKeys: [one] });
    const config = sshConfig();
    // Its key is right, its signature is not.
    const sign = ssh2.utils.parseKey(one.privateText);
    if (sign instanceof Error || Array.isArray(sign)) throw new Error('no key');
    const proto = Object.getPrototypeOf(sign) as { sign: (data: Buffer, hash?: string) => Buffer };
    const real = proto.sign;
    proto.sign = function wrong(data, hash) {
      return real.call(this, Buffer.concat([data, Buffer.from('x')]), hash);
    };
    try {
      await failure(connectTo(spec(the.port, { password: secret('p') }), config.file));
    } finally {
      proto.sign = real;
    }
    expect(the.attempts).toEqual([]);
    expect(() => readFileSync(config.known)).toThrow('ENOENT');
  });
});

describe('who is offered, in order', () => {
  test('a key file before the password', async () => {
    const config = sshConfig();
    const the = await server({ auth: accepting(one) });
    await using _ = await connectTo(
      spec(the.port, { identityFile: put(config.dir, 'id', one), password: secret('p') }),
      config.file,
    );
    expect(the.attempts).toEqual([`publickey root ${last(one)}?`, `publickey root ${last(one)}`]);
  });

  test('the password when the key is refused', async () => {
    const config = sshConfig();
    const the = await server({ auth: accepting('p') });
    await using _ = await connectTo(
      spec(the.port, { identityFile: put(config.dir, 'id', one), password: secret('p'), user: 'ops' }),
      config.file,
    );
    expect(the.attempts).toEqual([`publickey ops ${last(one)}?`, 'password ops p']);
  });

  test('only methods that the host takes', async () => {
    const config = sshConfig();
    const the = await server({
      auth: (context) => (context.method === 'publickey' ? ['keyboard-interactive'] : ask(context)),
    });
    function ask(context: AuthContext): boolean | 'later' {
      if (context.method !== 'keyboard-interactive') return false;
      context.prompt(
        [
          { prompt: 'Password: ', echo: false },
          { prompt: 'Token: ', echo: false },
        ],
        (answers) => {
          asked.push(answers);
          context.accept();
        },
      );
      return 'later';
    }
    const asked: string[][] = [];
    await using _ = await connectTo(
      spec(the.port, { identityFile: put(config.dir, 'id', one), password: secret('p') }),
      config.file,
    );
    expect([asked, the.attempts.at(-1)]).toEqual([[['p', '']], 'keyboard-interactive root']);
  });

  test('a key and then a password, where the host wants both', async () => {
    const config = sshConfig();
    const the = await server({
      auth: (context) => (context.method === 'publickey' ? ['password'] : accepting('p')(context)),
    });
    await using _ = await connectTo(
      spec(the.port, { identityFile: put(config.dir, 'id', one), password: secret('p') }),
      config.file,
    );
    expect(the.attempts.at(-1)).toBe('password root p');
  });

  test('files of ssh_config that exist, in their order', async () => {
    const config = sshConfig();
    const lines = [
      `IdentityFile ${config.dir}/none`,
      `IdentityFile ${put(config.dir, 'b', one)}`,
      `IdentityFile ${put(config.dir, 'a', two)}`,
    ];
    const own = sshConfig(lines);
    writeFileSync(own.file, readFileSync(own.file, 'utf8').replace('  IdentityFile none\n', ''));
    const the = await server({ auth: accepting(two) });
    await using _ = await connectTo(spec(the.port), own.file);
    expect(the.attempts.map((attempt) => attempt.split(' ')[2])).toEqual([
      `${last(one)}?`,
      `${last(two)}?`,
      last(two),
    ]);
  });
});

describe('with an agent', () => {
  async function agent(keys: readonly string[]): Promise<string> {
    const { dir } = sshConfig();
    const socket = join(dir, 'agent');
    const child = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(child.stdout, 'data');
    open.push({
      [Symbol.asyncDispose]: async () => {
        child.kill();
        await once(child, 'close');
      },
    });
    for (const key of keys) {
      expect(
        spawnSync('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket } }).status,
      ).toBe(0);
    }
    return socket;
  }

  test('its keys that are named come first, the named files next, its others last', async () => {
    const config = sshConfig();
    const paths = {
      one: put(config.dir, 'one', one),
      two: put(config.dir, 'two', two),
      other: put(config.dir, 'other', other),
    };
    const SSH_AUTH_SOCK = await agent([paths.other, paths.two]);
    const own = sshConfig([`IdentityFile ${paths.one}`, `IdentityFile ${paths.two}`]);
    const the = await server({ auth: () => false });
    const { env } = options(own.file);
    const error = await failure(connectTo(spec(the.port), own.file, { env: { ...env, SSH_AUTH_SOCK } }));
    expect(error.detail).toEqual([
      `offered: key ${paths.one}, key ${paths.two} (agent), key test ed25519 of the agent`,
      'accepted there: publickey, password, keyboard-interactive',
    ]);
    expect(the.attempts.map((attempt) => attempt.split(' ')[2])).toEqual([
      `${last(one)}?`,
      `${last(two)}?`,
      `${last(other)}?`,
    ]);

    const only = sshConfig([`IdentityFile ${paths.two}`, 'IdentitiesOnly yes']);
    the.attempts.splice(0);
    await failure(connectTo(spec(the.port), only.file, { env: { ...env, SSH_AUTH_SOCK } }));
    expect(the.attempts.map((attempt) => attempt.split(' ')[2])).toEqual([`${last(two)}?`]);
  });

  test('it signs for an encrypted key, whose public half is read from the file', async () => {
    const config = sshConfig();
    const path = join(config.dir, 'locked');
    writeFileSync(path, makeKey().privateText, { mode: 0o600 });
    const plain = put(config.dir, 'plain', one);
    const SSH_AUTH_SOCK = await agent([plain]);
    // The same key, encrypted, without its .pub.
    writeFileSync(path, readFileSync(plain), { mode: 0o600 });
    expect(spawnSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'passphrase', '-f', path]).status).toBe(0);
    const the = await server({ auth: accepting(one) });
    const { env } = options(config.file);
    await using _ = await connectTo(spec(the.port, { identityFile: path }), config.file, {
      env: { ...env, SSH_AUTH_SOCK },
    });
    expect(the.attempts).toEqual([`publickey root ${last(one)}?`, `publickey root ${last(one)}`]);

    const locked = await failure(connectTo(spec(the.port, { identityFile: path }), config.file));
    expect([locked.code, locked.hint]).toEqual([
      'AUTH_REFUSED',
      `${path} is encrypted and no agent holds it. Run: ssh-add ${path}`,
    ]);
  });

  test('one that is gone or silent does not stop a key file', async () => {
    const config = sshConfig();
    const path = put(config.dir, 'id', one);
    const the = await server({ auth: accepting(one) });
    const { env } = options(config.file);
    await using _ = await connectTo(spec(the.port, { identityFile: path }), config.file, {
      env: { ...env, SSH_AUTH_SOCK: join(config.dir, 'gone') },
    });
    expect(the.attempts).toHaveLength(2);
  });

  test('one that refuses to sign is passed by', async () => {
    const config = sshConfig();
    const paths = [put(config.dir, 'one', one), put(config.dir, 'two', two)];
    const SSH_AUTH_SOCK = await agent(paths.slice(0, 1));
    // A locked agent lists nothing; one that confirms refuses: -c without a way to ask.
    spawnSync('ssh-add', ['-q', '-D'], { env: { ...process.env, SSH_AUTH_SOCK } });
    expect(
      spawnSync('ssh-add', ['-q', '-c', paths[0] ?? ''], { env: { ...process.env, SSH_AUTH_SOCK } }).status,
    ).toBe(0);
    const own = sshConfig(paths.map((path) => `IdentityFile ${path}`));
    const the = await server({ auth: accepting(one, two) });
    const { env } = options(own.file);
    await using _ = await connectTo(spec(the.port), own.file, { env: { ...env, SSH_AUTH_SOCK } });
    expect(the.attempts.at(-1)).toBe(`publickey root ${last(two)}`);
  });
});

describe('what goes wrong has a name', () => {
  test('nothing listens', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const port = portOf(free);
    free.close();
    const error = await failure(connectTo(spec(port), sshConfig().file));
    expect([error.code, error.exit, error.host, error.message]).toEqual([
      'HOST_UNREACHABLE',
      'unreachable',
      'keep_136',
      `keep_136 (127.0.0.1:${port}) refuses connections.`,
    ]);
  });

  test('a name that does not exist', async () => {
    const error = await failure(connectTo(spec(22, {}, 'no-such-host.invalid'), sshConfig().file));
    expect([error.code, error.message]).toEqual([
      'HOST_UNREACHABLE',
      expect.stringMatching(/unknown name|could not be looked up/),
    ]);
  });

  test('something that never speaks, and something that is not SSH', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    const web = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(
      0,
      '127.0.0.1',
    );
    await Promise.all([once(silent, 'listening'), once(web, 'listening')]);
    const started = performance.now();
    const late = await failure(connectTo(spec(portOf(silent)), sshConfig().file, { connectTimeoutMs: 300 }));
    expect([late.code, late.message]).toEqual(['HOST_UNREACHABLE', expect.stringContaining('within 0.3 s')]);
    expect(performance.now() - started).toBeLessThan(hangMs(9_000));
    const wrong = await failure(connectTo(spec(portOf(web)), sshConfig().file));
    expect([wrong.code, wrong.message]).toEqual([
      'HOST_UNREACHABLE',
      expect.stringContaining('is not an SSH server'),
    ]);
    silent.close();
    web.close();
  });

  test('ConnectTimeout of ssh_config wins over the default', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const error = await failure(connectTo(spec(portOf(silent)), sshConfig(['ConnectTimeout 1']).file));
    expect(error.message).toContain('within 1 s');
    silent.close();
  });

  test('wrong password: named by where it came from, never shown', async () => {
    const the = await server({ auth: () => false });
    const error = await failure(connectTo(spec(the.port, { password: secret('hunter2') }), sshConfig().file));
    expect(error.code).toBe('AUTH_REFUSED');
    expect(error.detail[0]).toContain('password from env:PASSWORD');
    expect(JSON.stringify([error, error.message, error.hint, error.detail])).not.toContain('hunter2');
    // Once, and not again by keyboard-interactive.
    expect(the.attempts).toEqual(['password root hunter2']);
  });

  test('an IPv6 address', async () => {
    const free = createServer().listen(0, '::1');
    await once(free, 'listening');
    const port = portOf(free);
    free.close();
    const error = await failure(connectTo(spec(port, {}, '::1'), sshConfig().file));
    expect(error.message).toBe(`keep_136 ([::1]:${port}) refuses connections.`);
  });

  test('nothing to offer', async () => {
    const the = await server({ auth: () => false });
    const error = await failure(connectTo(spec(the.port), sshConfig().file));
    expect([error.code, error.hint]).toEqual([
      'AUTH_REFUSED',
      expect.stringContaining('haup has no key or password to offer'),
    ]);
    expect(error.detail).toEqual(['accepted there: publickey, password, keyboard-interactive']);
  });

  test('ProxyCommand', async () => {
    const error = await failure(connectTo(spec(22), sshConfig(['ProxyCommand nc %h %p']).file));
    expect([error.code, error.hint]).toEqual(['SSH_UNSUPPORTED', expect.stringContaining('ProxyJump')]);
    const the = await server();
    await using _ = await connectTo(spec(the.port), sshConfig(['ProxyCommand none']).file);
  });

  test('no key exchange in common', async () => {
    const old = new ssh2.Server(
      { hostKeys: [one.privateText], algorithms: { kex: ['diffie-hellman-group1-sha1'] } },
      (client) => client.on('error', () => {}),
    );
    old.listen(0, '127.0.0.1');
    await once(old, 'listening');
    const error = await failure(connectTo(spec(portOf(old)), sshConfig().file));
    expect([error.code, error.message]).toEqual([
      'SSH_UNSUPPORTED',
      'keep_136 and haup have no key exchange algorithm in common.',
    ]);
    old.close();
  });

  test('an abort ends it at once', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const started = performance.now();
    const error = await failure(
      connect(spec(portOf(silent)), options(sshConfig().file), AbortSignal.timeout(100)),
    );
    expect(error.code).toBe('INTERRUPTED');
    expect(performance.now() - started).toBeLessThan(hangMs(9_000));
    expect((await failure(connect(spec(22), options('/none'), AbortSignal.abort()))).code).toBe(
      'INTERRUPTED',
    );
    silent.close();
  });

  test('a host that turns a few away (MaxStartups) is asked again', async () => {
    const the = await server();
    const front = await proxyTo(the.port, 2);
    open.push(front);
    await using _ = await connectTo(spec(front.port), sshConfig().file);
    expect(front.count()).toBe(3);
    const shut = await proxyTo(the.port, 99);
    open.push(shut);
    const error = await failure(connectTo(spec(shut.port), sshConfig().file));
    expect([error.code, shut.count()]).toEqual(['HOST_UNREACHABLE', 4]);
  });

  test('known_hosts that cannot be read or written', async () => {
    const the = await server();
    const config = sshConfig();
    chmodSync(config.dir, 0o755);
    writeFileSync(config.file, readFileSync(config.file, 'utf8').replace(config.known, config.dir));
    const error = await failure(connectTo(spec(the.port), config.file));
    expect([error.code, error.message]).toEqual(['HOST_KEY_UNKNOWN', expect.stringContaining(config.dir)]);
    writeFileSync(
      config.file,
      readFileSync(config.file, 'utf8').replace(`File ${config.dir}`, 'File /proc/haup/known_hosts'),
    );
    const unwritten = await failure(connectTo(spec(the.port), config.file));
    expect([unwritten.code, unwritten.message]).toEqual([
      'HOST_KEY_UNKNOWN',
      expect.stringContaining('cannot be saved'),
    ]);
    expect(the.attempts).toEqual([]);
    expect(never.aborted).toBe(false);
  });
});
