/** References to secrets → secrets: `env:NAME`, `env:NAME:-default`, `file:PATH`, `cmd:COMMAND`. */

import { closeSync, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import { HaupError } from '../model/errors.ts';
import { Secret } from '../model/secret.ts';

export interface SecretContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What `file:` paths are relative to, and where `cmd:` runs: the inventory's directory. */
  readonly directory: string;
}

/** Time for a person to touch a key or unlock a vault. */
const commandLimitMs = 60_000;
/** Of a secret's file, or of what a command prints: more is no secret, and a device has no end. */
const mostBytes = 64 * 1024;

/** Throws SECRET_MISSING, which names the reference and never the value. */
export function secretResolver({ env, directory }: SecretContext): (reference: string) => Secret {
  const known = new Map<string, Secret>();
  return (reference) => {
    const found = known.get(reference) ?? find(reference, env, directory);
    known.set(reference, found);
    return found;
  };
}

function find(reference: string, env: SecretContext['env'], directory: string): Secret {
  const [, scheme, rest = ''] = /^(env|file|cmd):(.*)$/s.exec(reference) ?? [];
  if (scheme === 'env') return fromEnvironment(rest, env);
  if (scheme === 'file') return fromFile(rest, env, directory);
  if (scheme === 'cmd') return fromCommand(rest, env, directory);
  throw new HaupError('SECRET_MISSING', 'a secret must be a reference', {
    hint: 'Write env:NAME, file:PATH or cmd:COMMAND.',
  });
}

function fromEnvironment(rest: string, env: SecretContext['env']): Secret {
  const dash = rest.indexOf(':-');
  const name = dash === -1 ? rest : rest.slice(0, dash);
  // As in sh, :- also covers a variable that is set but empty.
  const value = env[name] || (dash === -1 ? undefined : rest.slice(dash + 2));
  if (value) return oneLine(value, `env:${name}`);
  throw new HaupError('SECRET_MISSING', `the environment variable ${name} is not set`, {
    hint: `Set it: export ${name}=…, or write a default: env:${name}:-default.`,
  });
}

function fromFile(path: string, env: SecretContext['env'], directory: string): Secret {
  const place = resolve(directory, path.replace(/^~(?=\/)/, env['HOME'] ?? '~'));
  try {
    return oneLine(beginning(place).replace(/\r?\n$/, ''), `file:${path}`);
  } catch (cause) {
    if (cause instanceof HaupError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new HaupError('SECRET_MISSING', `cannot read the secret file ${place}: ${reasons[code] ?? code}`, {
      cause,
      hint: 'Create it with the secret on one line, and chmod 600.',
    });
  }
}

/** A byte more than a secret may have, at most. */
function beginning(place: string): string {
  const file = openSync(place, 'r');
  try {
    const bytes = Buffer.alloc(mostBytes + 1);
    let filled = 0;
    for (let read = -1; read !== 0 && filled < bytes.length; filled += read)
      read = readSync(file, bytes, filled, bytes.length - filled, null);
    return bytes.toString('utf8', 0, filled);
  } finally {
    closeSync(file);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
};

function fromCommand(command: string, env: SecretContext['env'], directory: string): Secret {
  // Loaded for the inventories that have such a secret alone.
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const run = spawnSync('/bin/sh', ['-c', command], {
    cwd: directory,
    env: { ...env },
    encoding: 'utf8',
    timeout: commandLimitMs,
    maxBuffer: mostBytes,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const how =
    run.error !== undefined && 'code' in run.error && run.error.code === 'ETIMEDOUT'
      ? `did not finish within ${commandLimitMs / 1000} s`
      : run.error !== undefined
        ? run.error.message
        : run.signal !== null
          ? `was killed by ${run.signal}`
          : run.status !== 0
            ? `exited with status ${run.status}`
            : null;
  if (how === null) return oneLine(run.stdout.replace(/\r?\n$/, ''), `cmd:${command}`);
  const said = run.stderr?.trim().split('\n').at(-1) ?? '';
  throw new HaupError('SECRET_MISSING', `the command ${command} ${how}${said === '' ? '' : `: ${said}`}`, {
    hint: 'Run it yourself: it must print the secret and nothing else.',
  });
}

/** A secret goes into a file or to a prompt as one line; more lines mean that it is the wrong file. */
function oneLine(value: string, source: string): Secret {
  const fault =
    value === ''
      ? 'is empty'
      : Buffer.byteLength(value) > mostBytes
        ? `is longer than ${mostBytes / 1024} KiB`
        : /[\x00-\x1f\x7f]/.test(value)
          ? 'is more than one line of text'
          : null;
  if (fault === null) return new Secret(value, source);
  throw new HaupError('SECRET_MISSING', `the secret from ${source} ${fault}`, {
    hint: 'It must be one line.',
  });
}
