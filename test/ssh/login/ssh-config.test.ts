import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseSshConfig, readSshConfig } from '../../../src/ssh/login/ssh-config.ts';
import { failure, never } from '../spec.ts';
import { putProgram, scratchDirectory } from '../../scratch.ts';

const query = { address: 'keep_136', user: null, port: null };
const source = { env: { SSH_AUTH_SOCK: '/run/agent', USER: 'me', KEYS: '/keys' }, home: '/home/me' };

describe('parseSshConfig', () => {
  test('nothing said: what OpenSSH would do', () => {
    expect(parseSshConfig('', query, source)).toEqual({
      user: 'me',
      hostname: 'keep_136',
      port: 22,
      identityFiles: ['/home/me/.ssh/id_ed25519', '/home/me/.ssh/id_ecdsa', '/home/me/.ssh/id_rsa'],
      identitiesOnly: false,
      agent: '/run/agent',
      userKnownHostsFiles: ['/home/me/.ssh/known_hosts', '/home/me/.ssh/known_hosts2'],
      globalKnownHostsFiles: ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'],
      hostKeyAlias: null,
      hashKnownHosts: false,
      strict: false,
      proxyJump: null,
      proxyCommand: null,
      connectTimeoutMs: null,
      keepalive: null,
    });
  });

  test('the inventory wins', () => {
    const config = parseSshConfig(
      'user a\nport 2200\nhostname 192.0.2.1\n',
      { ...query, user: 'b', port: 2201 },
      source,
    );
    expect([config.user, config.port, config.hostname]).toEqual(['b', 2201, '192.0.2.1']);
  });

  // Versions differ in case, in yes and true, and in whether they say none.
  test.each([
    ['stricthostkeychecking yes', 'strict', true],
    ['stricthostkeychecking true', 'strict', true],
    ['stricthostkeychecking ask', 'strict', false],
    ['stricthostkeychecking accept-new', 'strict', false],
    ['hashknownhosts yes', 'hashKnownHosts', true],
    ['HashKnownHosts true', 'hashKnownHosts', true],
    ['identitiesonly yes', 'identitiesOnly', true],
    ['connecttimeout 4', 'connectTimeoutMs', 4000],
    ['connecttimeout none', 'connectTimeoutMs', null],
    ['connecttimeout 0', 'connectTimeoutMs', null],
    ['serveraliveinterval 0\nserveralivecountmax 3', 'keepalive', null],
    ['serveraliveinterval 5', 'keepalive', { everyMs: 5000, count: 3 }],
    ['serveraliveinterval 2\nserveralivecountmax 6', 'keepalive', { everyMs: 2000, count: 6 }],
    ['proxyjump ops@bastion:22,second', 'proxyJump', 'ops@bastion:22,second'],
    ['proxyjump none', 'proxyJump', null],
    ['proxycommand none', 'proxyCommand', null],
    ['proxycommand nc %h %p', 'proxyCommand', 'nc %h %p'],
    ['hostkeyalias al', 'hostKeyAlias', 'al'],
    ['identityagent none', 'agent', null],
    ['identityagent SSH_AUTH_SOCK', 'agent', '/run/agent'],
    ['identityagent $KEYS', 'agent', '/keys'],
    ['identityagent ~/agent.sock', 'agent', '/home/me/agent.sock'],
    ['userknownhostsfile none', 'userKnownHostsFiles', []],
    ['userknownhostsfile /a/b /c', 'userKnownHostsFiles', ['/a/b', '/c']],
    ['userknownhostsfile /a b/c ~/d', 'userKnownHostsFiles', ['/a b/c', '/home/me/d']],
  ] as const)('%s', (line, key, value) => expect(parseSshConfig(line, query, source)[key]).toEqual(value));

  test('identity files: tokens, variables, and one for each line', () => {
    const text = ['%d/.ssh/%r@%h:%p', '/a b/key', '${KEYS}/id', '~/x/%%', '${NOT_SET}/id', '%Z', 'none']
      .map((path) => `identityfile ${path}`)
      .join('\n');
    expect(parseSshConfig(`hostname h\n${text}\n`, query, source).identityFiles).toEqual([
      '/home/me/.ssh/me@h:22',
      '/a b/key',
      '/keys/id',
      '/home/me/x/%',
    ]);
  });
});

describe('readSshConfig asks ssh', () => {
  const dir = scratchDirectory();
  const write = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  const env = { PATH: process.env['PATH'] };

  test('Include, Match and Host are applied', async () => {
    write('more', 'Match host 192.0.2.1 user deploy\n  IdentityFile /keys/deploy\n  Port 2222\n');
    const sshConfigFile = write(
      'config',
      `Host keep_*\n  HostName 192.0.2.1\n  User deploy\n  ProxyJump ops@bastion\nInclude ${dir}/more\n`,
    );
    const config = await readSshConfig(query, { ...source, env, sshConfigFile }, never);
    expect(config).toMatchObject({
      hostname: '192.0.2.1',
      user: 'deploy',
      port: 2222,
      identityFiles: ['/keys/deploy'],
      proxyJump: 'ops@bastion',
    });
    const other = await readSshConfig({ ...query, user: 'root' }, { ...source, env, sshConfigFile }, never);
    expect(other).toMatchObject({ user: 'root', port: 22 });
  });

  test('an address is never an option', async () => {
    const sshConfigFile = write('empty', '');
    const error = await readSshConfig(
      { ...query, address: '-oProxyCommand=x' },
      { ...source, env, sshConfigFile },
      never,
    ).catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: 'SSH_UNSUPPORTED',
      message: expect.stringContaining('invalid characters'),
    });
  });

  test('a configuration that ssh refuses is an error, not a default', async () => {
    const sshConfigFile = write('bad', 'Host *\n  NoSuchOption yes\n');
    const error = await failure(readSshConfig(query, { ...source, env, sshConfigFile }, never));
    expect(error.code).toBe('SSH_UNSUPPORTED');
    expect(error.message).toMatch(/bad: line 2: Bad configuration option: nosuchoption/);
  });

  test('a missing configuration file is named', async () => {
    const error = await failure(
      readSshConfig(query, { ...source, env, sshConfigFile: join(dir, 'none') }, never),
    );
    expect(error.message).toContain(join(dir, 'none'));
  });

  test('without ssh, defaults', async () => {
    const config = await readSshConfig(
      { ...query, address: '192.0.2.9' },
      { ...source, env: { PATH: dir } },
      never,
    );
    expect(config).toMatchObject({ hostname: '192.0.2.9', port: 22, user: userInfo().username });
  });

  test('with an ssh that has no -G, defaults', async () => {
    const bin = scratchDirectory();
    putProgram(join(bin, 'ssh'), 'echo "unknown option -- G" >&2\nexit 255');
    const config = await readSshConfig(query, { ...source, env: { PATH: bin } }, never);
    expect(config.hostname).toBe('keep_136');
  });

  test('an ssh that hangs is ended when the signal aborts', async () => {
    const bin = scratchDirectory();
    putProgram(join(bin, 'ssh'), 'exec /bin/sleep 60');
    const error = await failure(
      readSshConfig(query, { ...source, env: { PATH: bin } }, AbortSignal.timeout(100)),
    );
    expect(error.code).toBe('INTERRUPTED');
  });
});
