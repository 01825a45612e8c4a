/** Upstream's source tarballs, from the source packages of the machine's distribution. */

import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { HaupError } from '../model/errors.ts';
import type { Machine } from './machine.ts';
import { acquireOptions, writeSources } from './machine.ts';
import { lock, must, run } from './process.ts';
import type { LabWorld } from './world.ts';
import { seconds } from './world.ts';

export type SoftwareName = 'keepalived' | 'nginx';
const software: readonly SoftwareName[] = ['keepalived', 'nginx'];

interface LabTarball {
  readonly version: string;
  readonly path: string;
  readonly sha256: string;
}

export type Tarballs = Readonly<Record<SoftwareName, LabTarball>>;

/** Both tarballs, downloaded once. */
export async function tarballs(machine: Machine, world: LabWorld): Promise<Tarballs> {
  const dir = `${world.roots.cache}/tarballs/${machine.os}-${machine.codename}`;
  const kept = await readKept(dir);
  if (kept !== null) return kept;
  await mkdir(dir, { recursive: true });
  const held = await lock(`${dir}.lock`, world.signal, () =>
    world.say('tarballs: waiting for another lab to fetch them'),
  );
  try {
    return (await readKept(dir)) ?? (await fetchAll(machine, dir, world));
  } finally {
    await held.release();
  }
}

async function readKept(dir: string): Promise<Tarballs | null> {
  const text = await readFile(`${dir}/tarballs.json`, 'utf8').catch(() => null);
  if (text === null) return null;
  const kept: Tarballs = JSON.parse(text);
  for (const name of software) {
    const digest = await sha256(kept[name].path).catch(() => null);
    if (digest !== kept[name].sha256) return null;
  }
  return kept;
}

async function fetchAll(machine: Machine, dir: string, world: LabWorld): Promise<Tarballs> {
  const start = performance.now();
  for (const left of await readdir(dir)) {
    if (left.startsWith('apt-')) await rm(`${dir}/${left}`, { recursive: true, force: true });
  }
  // A new one each time: the apt of a killed run may still be using the last one.
  const apt = await mkdtemp(`${dir}/apt-`);
  await mkdir(`${apt}/lists/partial`, { recursive: true });
  await mkdir(`${apt}/cache/archives/partial`, { recursive: true });
  const sources = await writeSources(machine, 'deb-src', apt);
  const config = `${apt}/apt.conf`;
  await writeFile(config, privateConfig(apt, sources, await acquireOptions()));
  const { signal } = world;
  const env = { ...world.env, APT_CONFIG: config, LC_ALL: 'C.UTF-8' };
  try {
    await must('Reading the lists of source packages', 'apt-get', ['-q', 'update'], {
      env,
      signal,
      limitMs: 300_000,
    });
    const [keepalived, nginx] = await Promise.all([
      fetchOne('keepalived', dir, apt, env, signal),
      fetchOne('nginx', dir, apt, env, signal),
    ]);
    const made: Tarballs = { keepalived, nginx };
    await writeFile(`${dir}/tarballs.json.part`, `${JSON.stringify(made, null, 2)}\n`);
    await rename(`${dir}/tarballs.json.part`, `${dir}/tarballs.json`);
    world.say(
      `tarballs: keepalived ${keepalived.version} and nginx ${nginx.version} fetched in ${seconds(start)}`,
    );
    return made;
  } finally {
    // The lists are tens of megabytes and not needed again.
    await rm(apt, { recursive: true, force: true });
  }
}

/** For an apt that reads and writes only below `dir`, and runs none of the machine's hooks. */
function privateConfig(dir: string, sources: string, acquire: readonly string[]): string {
  return [
    `Dir::Etc::SourceList "${sources}";`,
    'Dir::Etc::SourceParts "-";',
    `Dir::State::Lists "${dir}/lists";`,
    `Dir::Cache "${dir}/cache";`,
    'Dir::State::Status "/dev/null";',
    'Acquire::Languages "none";',
    'Acquire::Retries "3";',
    'APT::Sandbox::User "root";',
    '#clear APT::Update::Pre-Invoke;',
    '#clear APT::Update::Post-Invoke;',
    '#clear APT::Update::Post-Invoke-Success;',
    ...acquire,
    '',
  ].join('\n');
}

async function fetchOne(
  name: SoftwareName,
  dir: string,
  apt: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<LabTarball> {
  const failures: string[] = [];
  for (const wanted of await sourceVersions(name, env, signal)) {
    const ask = ['source', '--only-source', '--download-only', '--print-uris', `${name}=${wanted}`];
    const listed = await run('apt-get', ['-qq', ...ask], { env, signal });
    const orig = origOf(listed.stdout, name);
    if (orig === null) {
      failures.push(`${name} ${wanted}: no orig tarball listed`);
      continue;
    }
    const raw = `${apt}/${orig.file}`;
    const got = await run('/usr/lib/apt/apt-helper', ['download-file', orig.uri, raw, orig.hash], {
      env,
      signal,
      limitMs: 300_000,
    });
    if (got.code !== 0) {
      const why = got.stderr.split('\n').find((line) => line.startsWith('E: Failed')) ?? got.stderr.trim();
      failures.push(`${name} ${wanted}: ${why.replace(/^E: /, '')}`);
      continue;
    }
    const path = `${dir}/${name}-${orig.version}.tar.gz`;
    await asGzip(raw, orig.file, path, signal);
    return { version: orig.version, path, sha256: await sha256(path) };
  }
  throw new HaupError('LAB_FAILED', `The mirror of this machine does not have the source of ${name}.`, {
    hint: 'Add a mirror that has the source packages of this release to /etc/apt, then try again.',
    detail: failures,
  });
}

/** Newest first: a mirror may lack the files of one version but have another's. */
async function sourceVersions(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const text = await must(
    `Looking for the source of ${name}`,
    'apt-cache',
    ['showsrc', '--only-source', name],
    { env, signal },
  );
  const versions = [...text.matchAll(/^Version: (\S+)$/gm)].map((match) => match[1] ?? '');
  return [...new Set(versions)];
}

export interface Orig {
  readonly uri: string;
  readonly file: string;
  /** `SHA256:…` */
  readonly hash: string;
  /** Upstream's version: without what a distribution adds when it repacks. */
  readonly version: string;
}

/** The upstream tarball among the lines of `apt-get source --print-uris`. */
export function origOf(printed: string, name: string): Orig | null {
  for (const line of printed.split('\n')) {
    const match = /^'([^']+)' (\S+) \d+ ((?:SHA256|SHA512|MD5Sum):\S+)/.exec(line);
    if (match === null) continue;
    const [, uri = '', file = '', hash = ''] = match;
    const version = /^(.+)_([^_]+)\.orig\.tar\.(?:gz|xz|bz2)$/.exec(file);
    if (version?.[1] === name) return { uri, file, hash, version: (version[2] ?? '').replace(/[+~].*$/, '') };
  }
  return null;
}

async function asGzip(raw: string, file: string, path: string, signal: AbortSignal): Promise<void> {
  if (file.endsWith('.gz')) {
    await rename(raw, path);
    return;
  }
  const unpack = file.endsWith('.xz') ? 'xz' : 'bzip2';
  await must(`Unpacking ${file}`, 'sh', ['-c', `${unpack} -dc "$1" | gzip -n >"$2"`, 'sh', raw, path], {
    signal,
  });
  await rm(raw);
}

async function sha256(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}
