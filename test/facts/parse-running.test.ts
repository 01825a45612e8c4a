import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { factsScript, parseFacts } from '../../src/facts/facts-script.ts';
import type { HostFacts } from '../../src/model/facts.ts';
import { scratchDirectory } from '../scratch.ts';

// Shells under the names of the daemons: they run, and have the command lines that daemons have.
const directory = scratchDirectory();
const daemons: ReturnType<typeof spawn>[] = [];
beforeAll(() => {
  const put = (path: string, text: string): void => writeFileSync(join(directory, path), text);
  for (const sub of ['k/vips.d', 'n/conf.d', 'n/sites-available', 'n/sites-enabled'])
    mkdirSync(join(directory, sub), { recursive: true });
  put('wait', 'while :; do sleep 0.2; done\n');
  put('k/own.conf', '! include nothing.conf\ninclude vips.d/*.conf\n');
  put('k/vips.d/a.conf', 'include deeper\n');
  put('k/vips.d/deeper', 'vrrp_instance A { }\n');
  put('n/own.conf', "http { include conf.d/*.conf; include 'sites-enabled/*'; # include not.this;\n }");
  put('n/conf.d/app.conf', 'server { include conf.d/part; }\n');
  put('n/conf.d/part', 'listen 80;\n');
  put('n/sites-available/shop', 'server { }\n');
  symlinkSync('../sites-available/shop', join(directory, 'n/sites-enabled/shop'));
  for (const [name, ...args] of [
    ['keepalived', '--dont-fork', `--use-file=${directory}/k/own.conf`],
    ['nginx', '-g', 'daemon off;', '-c', `${directory}/n/own.conf`],
  ]) {
    const program = join(directory, name ?? '');
    copyFileSync(realpathSync('/bin/sh'), program);
    daemons.push(spawn(program, [join(directory, 'wait'), ...args], { stdio: 'ignore' }));
  }
});
afterAll(() => {
  for (const daemon of daemons) daemon.kill('SIGKILL');
});

function facts(): HostFacts {
  const binary = { path: '/nowhere', prefix: '/nowhere' };
  const script = factsScript({
    packages: { deb: [], rpm: [] },
    users: [],
    files: [],
    directories: [],
    binaries: { keepalived: binary, nginx: binary },
    running: true,
  });
  return parseFacts('here', execFileSync('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] }));
}

test('a daemon that runs is told with every file that it reads, links by what they lead to', () => {
  const { running = [], files } = facts();
  const of = (service: string) =>
    running.find((one) => one.service === service && one.program.startsWith(directory));
  expect(of('keepalived')).toMatchObject({
    program: join(directory, 'keepalived'),
    unit: null,
    entry: `${directory}/k/own.conf`,
    files: ['own.conf', 'vips.d/a.conf', 'vips.d/deeper'].map((path) => `${directory}/k/${path}`),
  });
  expect(of('nginx')).toMatchObject({
    entry: `${directory}/n/own.conf`,
    files: ['own.conf', 'conf.d/app.conf', 'sites-enabled/shop', 'conf.d/part'].map(
      (path) => `${directory}/n/${path}`,
    ),
  });
  expect(files[`${directory}/n/sites-enabled/shop`]).toMatchObject({ mode: 0o644, text: 'server { }\n' });
});
