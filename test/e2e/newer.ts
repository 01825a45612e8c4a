import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { distributionSources, osRelease, sourceLine } from '../../src/lab/sources.ts';
import { origOf } from '../../src/lab/tarballs.ts';
import type { Edit } from './own-lab.ts';

export interface Newer {
  readonly version: string;
  readonly path: string;
  readonly sha256: string;
}

const directories = { stable: '/var/cache/haup/tarballs/newer', testing: '/var/cache/haup/tarballs/newest' };

/**
 * nginx as a later release of the machine's distribution has it, out of its source packages by apt, and kept.
 * Null when apt knows none: there is then no second version to upgrade to.
 */
export function newerNginx(suite: keyof typeof directories = 'stable'): Newer | null {
  const directory = directories[suite];
  mkdirSync(directory, { recursive: true });
  const kept = readdirSync(directory).find((name) => /^nginx-[\d.]+\.tar\.gz$/.test(name));
  const path = kept === undefined ? fetched(suite, directory) : join(directory, kept);
  if (path === null) return null;
  const version = /nginx-([\d.]+)\.tar\.gz$/.exec(path)?.[1] ?? '';
  return { version, path, sha256: createHash('sha256').update(readFileSync(path)).digest('hex') };
}

/** An edit that has nginx built from it. */
export const builtFrom =
  ({ version, path, sha256 }: Newer): Edit =>
  (it) =>
    void Object.assign(it.nginx, { version, sha256, urls: [`file://${path}`] });

function fetched(suite: string, directory: string): string | null {
  const work = mkdtempSync(join(directory, 'apt-'));
  try {
    const [source] = sourcesOf(directory).sources;
    if (source === undefined) return null;
    for (const part of ['lists/partial', 'cache/archives/partial'])
      mkdirSync(join(work, part), { recursive: true });
    writeFileSync(join(work, 'sources.list'), `${sourceLine('deb-src', { ...source, suite })}\n`);
    writeFileSync(
      join(work, 'apt.conf'),
      [
        `Dir::Etc::SourceList "${work}/sources.list";`,
        'Dir::Etc::SourceParts "-";',
        `Dir::State::Lists "${work}/lists";`,
        `Dir::Cache "${work}/cache";`,
        'Dir::State::Status "/dev/null";',
        'Acquire::Languages "none";',
        'APT::Sandbox::User "root";',
        '',
      ].join('\n'),
    );
    const apt = (...args: string[]): string =>
      execFileSync('apt-get', ['-qq', ...args], {
        cwd: work,
        env: { ...process.env, APT_CONFIG: join(work, 'apt.conf') },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        timeout: 120_000,
      });
    apt('update');
    const orig = origOf(apt('source', '--only-source', '--download-only', '--print-uris', 'nginx'), 'nginx');
    if (orig === null || !orig.file.endsWith('.gz')) return null;
    apt('source', '--only-source', '--download-only', 'nginx');
    const path = join(directory, `nginx-${orig.version}.tar.gz`);
    renameSync(join(work, orig.file), path);
    return path;
  } catch {
    return null;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function sourcesOf(directory: string) {
  const release = osRelease(readFileSync('/etc/os-release', 'utf8'));
  const os = { id: release.get('ID') ?? '', codename: release.get('VERSION_CODENAME') ?? '' };
  const paths = [
    '/etc/apt/sources.list',
    ...readdirSync('/etc/apt/sources.list.d').map((name) => `/etc/apt/sources.list.d/${name}`),
  ];
  const files = paths
    .filter((path) => existsSync(path))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
  return distributionSources(files, os, directory);
}
