import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { sourceDirectory } from '../../src/model/layout.ts';
import { fetchTarball } from '../../src/ssh/builds/build-steps.ts';
import { scratchDirectory } from '../scratch.ts';

const bytes = Buffer.from('a tarball, to a digest');
const sha256 = createHash('sha256').update(bytes).digest('hex');
let server: Server;
let base: string;
let directory: string;
beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/right') response.end(bytes);
    else if (request.url === '/moved') response.writeHead(302, { location: '/right' }).end();
    else if (request.url === '/file')
      response.writeHead(302, { location: `file://${directory}/private` }).end();
    else if (request.url === '/other') response.end('something else');
    else response.writeHead(404).end('no such page');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
beforeEach(() => {
  directory = scratchDirectory();
});

/** Runs the job in a real sh with a real curl; the source directory lies below `directory`. */
function fetched(
  paths: readonly string[],
): Promise<{ readonly code: number; readonly stderr: string; readonly file: Buffer | null }> {
  const source = join(directory, 'source');
  const { script } = fetchTarball({
    name: 'x-1.tar.gz',
    urls: paths.map((path) => `${base}${path}`),
    sha256,
  });
  return new Promise((resolve) => {
    execFile('/bin/sh', ['-c', script.replaceAll(sourceDirectory, source)], (error, _stdout, stderr) => {
      const path = join(source, 'x-1.tar.gz');
      resolve({
        code: error === null ? 0 : Number(error.code),
        stderr,
        file: existsSync(path) ? readFileSync(path) : null,
      });
    });
  });
}

test.each([
  ['the first URL', ['/right']],
  ['the second, when the first has it not', ['/gone', '/right']],
  ['where it has moved to', ['/moved']],
])('the host takes it from %s', async (_name, paths) => {
  expect(await fetched(paths)).toMatchObject({ code: 0, file: bytes });
});

test('something else is thrown away, and it is said what it was', async () => {
  const { code, stderr, file } = await fetched(['/other']);
  const { meaning } = fetchTarball({ name: 'x-1.tar.gz', urls: [], sha256 });
  expect(meaning?.[code]?.code).toBe('CHECKSUM_MISMATCH');
  expect(stderr).toContain(`from     ${base}/other\nexpected ${sha256}\ngot      `);
  expect(file).toBeNull();
  expect(existsSync(join(directory, 'source'))).toBe(false);
});

test('a mirror cannot have a file of the host read by a redirect', async () => {
  writeFileSync(join(directory, 'private'), 'a secret of the host');
  const { code, stderr, file } = await fetched(['/file']);
  expect(code).toBe(1);
  expect(stderr).not.toMatch(/expected|got|20 bytes/);
  expect(file).toBeNull();
});

test('when nobody has it, each that was asked is named, and nothing is left', async () => {
  const { code, stderr } = await fetched(['/gone', '/nowhere']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/404[^]*\/gone[^]*404[^]*\/nowhere/);
  expect(existsSync(join(directory, 'source'))).toBe(false);
});
