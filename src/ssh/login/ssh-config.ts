/** How OpenSSH would reach a host: the output of `ssh -G`, which handles Include, Match and every default. */

import { execFile } from 'node:child_process';
import { userInfo } from 'node:os';
import { HaupError } from '../../model/errors.ts';
import { deferred } from '../channel/deferred.ts';

export interface SshConfig {
  readonly user: string;
  readonly hostname: string;
  readonly port: number;
  /** Paths, expanded, whether they exist or not. */
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  /** Path of the agent's socket, or null. */
  readonly agent: string | null;
  readonly userKnownHostsFiles: readonly string[];
  readonly globalKnownHostsFiles: readonly string[];
  readonly hostKeyAlias: string | null;
  readonly hashKnownHosts: boolean;
  /** StrictHostKeyChecking yes. */
  readonly strict: boolean;
  /** As written, or null. */
  readonly proxyJump: string | null;
  readonly proxyCommand: string | null;
  readonly connectTimeoutMs: number | null;
  /** ServerAliveInterval and ServerAliveCountMax, or null when they are off, as is OpenSSH's default. */
  readonly keepalive: { readonly everyMs: number; readonly count: number } | null;
}

export interface ConfigQuery {
  /** The host's address in the inventory: what a user would type after `ssh`. */
  readonly address: string;
  /** Overridden by the inventory; passed to ssh so that Match and the tokens %r and %p see it. */
  readonly user: string | null;
  readonly port: number | null;
}

export interface ConfigSource {
  /** `ssh -F` */
  readonly sshConfigFile?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly debug?: (line: string) => void;
}

const limitMs = 10_000;
/** OpenSSH's default. */
const keepaliveCount = 3;

/**
 * Asks `ssh -G` about a host; OpenSSH's defaults where there is no ssh, or one too old for -G.
 * @throws HaupError SSH_UNSUPPORTED when ssh refuses its own configuration.
 */
export async function readSshConfig(
  query: ConfigQuery,
  source: ConfigSource,
  signal: AbortSignal,
): Promise<SshConfig> {
  const args = ['-G'];
  if (source.sshConfigFile !== undefined) args.push('-F', source.sshConfigFile);
  if (query.user !== null) args.push('-l', query.user);
  if (query.port !== null) args.push('-p', String(query.port));
  args.push('--', query.address);
  const text = await askSsh(args, source, signal);
  return parseSshConfig(text ?? '', query, source);
}

function askSsh(args: readonly string[], source: ConfigSource, signal: AbortSignal): Promise<string | null> {
  const { promise, resolve, reject } = deferred<string | null>();
  execFile('ssh', args, { env: source.env, signal, timeout: limitMs }, (error, stdout, stderr) => {
    if (error === null) return resolve(stdout);
    if (signal.aborted) return reject(new HaupError('INTERRUPTED', 'Interrupted.', { cause: signal.reason }));
    const missing = error.code === 'ENOENT' || /(?:unknown|illegal|invalid) option -- '?G/.test(stderr);
    source.debug?.(`ssh ${args.join(' ')}: ${missing ? 'not available, using defaults' : stderr.trim()}`);
    if (missing) return resolve(null);
    const said = stderr
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.startsWith('Pseudo-terminal'));
    reject(
      new HaupError(
        'SSH_UNSUPPORTED',
        `ssh could not read its configuration${said[0] === undefined ? '' : `: ${said[0]}`}.`,
        {
          hint: `See: ssh ${args.join(' ')}`,
          detail: said.slice(1),
          cause: error,
        },
      ),
    );
  });
  return promise;
}

/** Reads the output of `ssh -G`; pure but for the local user's name. Missing lines mean OpenSSH's defaults. */
export function parseSshConfig(text: string, query: ConfigQuery, source: ConfigSource): SshConfig {
  const lines = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [, key, value] = /^(\S+)\s+(.*?)\s*$/.exec(line) ?? [];
    if (key === undefined || value === undefined) continue;
    lines.set(key.toLowerCase(), [...(lines.get(key.toLowerCase()) ?? []), value]);
  }
  const one = (key: string): string | null => {
    const value = lines.get(key)?.[0];
    return value === undefined || value === 'none' ? null : value;
  };
  const is = (key: string): boolean => ['yes', 'true'].includes(one(key) ?? '');

  const user = query.user ?? one('user') ?? source.env['USER'] ?? userInfo().username;
  const hostname = one('hostname') ?? query.address;
  const port = query.port ?? Number(one('port') ?? 22);
  const tokens = { ...source, user, hostname, port, address: query.address };
  const files = (key: string, defaults: readonly string[]): string[] =>
    (lines.has(key) ? paths(lines.get(key)?.join(' ') ?? '') : defaults).flatMap(
      (path) => expand(path, tokens) ?? [],
    );
  const identities = lines.get('identityfile') ?? defaultIdentities;
  const seconds = Number(one('connecttimeout') ?? Number.NaN);
  const aliveEvery = Number(one('serveraliveinterval') ?? 0);

  return {
    user,
    hostname,
    port,
    identityFiles: identities.filter((path) => path !== 'none').flatMap((path) => expand(path, tokens) ?? []),
    identitiesOnly: is('identitiesonly'),
    agent: agentSocket(lines.get('identityagent')?.[0], tokens),
    userKnownHostsFiles: files('userknownhostsfile', ['~/.ssh/known_hosts', '~/.ssh/known_hosts2']),
    globalKnownHostsFiles: files('globalknownhostsfile', [
      '/etc/ssh/ssh_known_hosts',
      '/etc/ssh/ssh_known_hosts2',
    ]),
    hostKeyAlias: one('hostkeyalias'),
    hashKnownHosts: is('hashknownhosts'),
    strict: is('stricthostkeychecking'),
    proxyJump: one('proxyjump'),
    proxyCommand: one('proxycommand'),
    connectTimeoutMs: seconds > 0 ? seconds * 1000 : null,
    keepalive:
      aliveEvery > 0
        ? { everyMs: aliveEvery * 1000, count: Number(one('serveralivecountmax') ?? keepaliveCount) }
        : null,
  };
}

const defaultIdentities = ['~/.ssh/id_ed25519', '~/.ssh/id_ecdsa', '~/.ssh/id_rsa'];

interface Tokens extends ConfigSource {
  readonly user: string;
  readonly hostname: string;
  readonly port: number;
  readonly address: string;
}

function agentSocket(setting: string | undefined, tokens: Tokens): string | null {
  if (setting === 'none') return null;
  if (setting === undefined || setting === 'SSH_AUTH_SOCK') return tokens.env['SSH_AUTH_SOCK'] || null;
  if (/^\$\w+$/.test(setting)) return tokens.env[setting.slice(1)] || null;
  return expand(setting, tokens);
}

/** A list on one line. ssh -G does not quote: a word that does not look like the start of a path continues the last. */
function paths(line: string): string[] {
  const found: string[] = [];
  for (const word of line.split(' ')) {
    if (found.length === 0 || /^[/~$%]/.test(word) || word === 'none') found.push(word);
    else found.push(`${found.pop()} ${word}`);
  }
  return found.filter((path) => path !== 'none' && path !== '');
}

/** Expands ~, ${VAR} and the % tokens of ssh_config(5) that ssh -G leaves in paths; null if one is unknown. */
function expand(path: string, tokens: Tokens): string | null {
  const values: Readonly<Record<string, string | undefined>> = {
    '%': '%',
    d: tokens.home,
    h: tokens.hostname,
    k: tokens.address,
    n: tokens.address,
    p: String(tokens.port),
    r: tokens.user,
    u: userInfo().username,
    i: String(userInfo().uid),
  };
  let known = true;
  const lookUp = (value: string | undefined): string => {
    known &&= value !== undefined;
    return value ?? '';
  };
  const full = path
    .replace(/^~(?=\/|$)/, () => tokens.home)
    .replace(/%(.)|\$\{(\w+)\}/g, (_, token: string | undefined, variable: string | undefined) =>
      lookUp(token === undefined ? tokens.env[variable ?? ''] : values[token]),
    );
  if (!known) tokens.debug?.(`skipped ${path}: a token in it is not known`);
  return known ? full : null;
}
