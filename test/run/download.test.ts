import { createHash } from 'node:crypto';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { HaupError } from '../../src/model/errors.ts';
import { download } from '../../src/run/download.ts';
import { scratchDirectory } from '../scratch.ts';

const bytes = Buffer.from('a tarball, to a digest');
const sha256 = createHash('sha256').update(bytes).digest('hex');
const never = new AbortController().signal;
let server: Server;
let base: string;
let directory: string;
beforeAll(async () => {
  server = createServer((request, response) => {
    const url = request.url ?? '';
    if (url === '/right') response.end(bytes);
    else if (url.startsWith('/to?'))
      response.writeHead(302, { location: decodeURIComponent(url.slice('/to?'.length)) }).end();
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
beforeEach(() => {
  directory = scratchDirectory();
});

const fetched = (urls: readonly string[]) =>
  download({ name: 'x-1.tar.gz', urls, sha256 }, join(directory, 'cache'), never);
const refused = async (urls: readonly string[]): Promise<string> => {
  const error: unknown = await fetched(urls).catch((e: unknown) => e);
  if (!(error instanceof HaupError)) throw new Error('it was not refused');
  return `${error.code}\n${error.detail.join('\n')}`;
};
const to = (where: string): string => `${base}/to?${encodeURIComponent(where)}`;

test('a redirect within http is followed, and the cache is for its owner alone', async () => {
  expect(await fetched([to('/right')])).toMatchObject({ bytes, from: to('/right') });
  expect(await fetched([])).toMatchObject({ bytes, from: 'cache' });
  const [name = '', ...more] = readdirSync(join(directory, 'cache'));
  expect(more).toEqual([]);
  expect(statSync(join(directory, 'cache')).mode & 0o777).toBe(0o700);
  expect(statSync(join(directory, 'cache', name)).mode & 0o777).toBe(0o600);
});

test('a file that the inventory names is read', async () => {
  writeFileSync(join(directory, 'x'), bytes);
  expect(await fetched([pathToFileURL(join(directory, 'x')).href])).toMatchObject({ bytes });
});

test.each([
  ['to a file of this machine', () => to(pathToFileURL(join(directory, 'x')).href)],
  ['to a file, by way of http', () => to(to(pathToFileURL(join(directory, 'x')).href))],
  ['to ftp', () => to('ftp://127.0.0.1/x')],
  ['to data', () => to('data:,x')],
])('a redirect %s is not followed, and nothing of what is there is told', async (_name, url) => {
  writeFileSync(join(directory, 'x'), 'a secret of this machine');
  const said = await refused([url()]);
  expect(said).toMatch(/^DOWNLOAD_FAILED\n.*redirected to (file|ftp|data):, which is not followed/);
  expect(said).not.toContain(createHash('sha256').update('a secret of this machine').digest('hex'));
  expect(said).not.toMatch(/\b24 bytes/);
});
