import { sha256 } from '../base/digest.ts';
import { readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeOwn } from '../base/own-file.ts';
import type { Tarball } from '../model/desired.ts';
import { HaupError } from '../model/errors.ts';

/** A source tarball is a few MB; anything near this is not one. */
const largest = 100 * 1024 * 1024;
const limitMs = 120_000;

export interface Download {
  readonly bytes: Uint8Array;
  /** Where it came from: a URL, or `cache`. */
  readonly from: string;
}

/**
 * The bytes of a tarball with the wanted sha256: from the cache, else from the first URL that serves
 * them. Rejects with CHECKSUM_MISMATCH when a server sent something else, DOWNLOAD_FAILED when none answered.
 */
export async function download(
  tarball: Tarball,
  cacheDirectory: string,
  signal: AbortSignal,
): Promise<Download> {
  // The digest is part of the name: two releases of one version never meet.
  const name = `${tarball.sha256.slice(0, 16)}-${tarball.name}`;
  const kept = await readFile(join(cacheDirectory, name)).catch(() => null);
  if (kept !== null && sha256(kept) === tarball.sha256) return { bytes: kept, from: 'cache' };

  const tried: string[] = [];
  for (const url of tarball.urls) {
    const bytes = await fetchUrl(url, signal).catch((error: unknown) => {
      if (signal.aborted) throw signal.reason;
      tried.push(`${url}: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    });
    if (bytes === null) continue;
    const got = sha256(bytes);
    if (got !== tarball.sha256) {
      throw new HaupError(
        'CHECKSUM_MISMATCH',
        `${tarball.name} is not what was expected, and was discarded.`,
        {
          hint: 'If you trust this file, put its sha256 into the inventory; else try another URL. No host was changed.',
          detail: [
            `from     ${url}`,
            `expected ${tarball.sha256}`,
            `got      ${got}`,
            `size     ${bytes.length} bytes`,
          ],
        },
      );
    }
    await writeOwn(cacheDirectory, name, bytes);
    return { bytes, from: url };
  }
  throw new HaupError('DOWNLOAD_FAILED', `${tarball.name} could not be downloaded.`, {
    hint: 'Name a mirror under urls: in the inventory, or put the tarball on this machine and name it as file:///path. No host was changed.',
    detail: tried,
  });
}

async function fetchUrl(url: string, signal: AbortSignal): Promise<Uint8Array> {
  // Only as the inventory has it: a server never says which file of this machine is read.
  return url.startsWith('file:') ? readFile(fileURLToPath(url)) : fetchHttp(url, signal, 5);
}

async function fetchHttp(url: string, signal: AbortSignal, redirects: number): Promise<Uint8Array> {
  const request = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
    const sent = request(url, { signal: limit, headers: { 'user-agent': 'haup' } }, (response) => {
      const { statusCode = 0, headers } = response;
      if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined && redirects > 0) {
        response.resume();
        const next = new URL(headers.location, url);
        const allowed = url.startsWith('https:') ? ['https:'] : ['http:', 'https:'];
        if (!allowed.includes(next.protocol)) {
          reject(new Error(`redirected to ${next.protocol}, which is not followed`));
          return;
        }
        resolve(fetchHttp(next.href, signal, redirects - 1));
        return;
      }
      if (statusCode !== 200) {
        response.resume();
        reject(new Error(`HTTP ${statusCode}`));
        return;
      }
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > largest) sent.destroy(new Error(`more than ${largest} bytes`));
        chunks.push(chunk);
      });
      response.on('end', () => resolve(Buffer.concat(chunks)));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end();
  });
}
