/**
 * What the facts scripts print, as data: lines of tab-separated fields, the output of programs between `begin` and `end`,
 * and last the files with their bytes.
 */

import { sha256 } from '../base/digest.ts';
import type { HostName } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { FileFact } from '../model/facts.ts';

/** Fields of lines. */
export type Records = readonly (readonly string[])[];

export interface Answer {
  /** The records of a kind, each without the kind. */
  readonly all: (kind: string) => readonly (readonly string[])[];
  /** The fields of the first record of a kind; empty: there is none. */
  readonly first: (kind: string) => readonly string[];
  /** Lines of a program's output; empty: it was not run, or printed nothing. */
  readonly output: (program: string) => readonly string[];
  /** Whether the host was asked to run it. */
  readonly ran: (program: string) => boolean;
  readonly files: Readonly<Record<string, FileFact>>;
  readonly clockMs: number;
}

/**
 * `largest`: a larger file comes as its digest alone. `known`: contents by digest, which come as the digest alone too.
 * Throws FACTS_UNREADABLE when the answer is incomplete.
 */
export function readAnswer(
  host: HostName,
  bytes: Uint8Array,
  largest: number,
  known: ReadonlyMap<string, Uint8Array> = new Map(),
): Answer {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: string[][] = [];
  const outputs = new Map<string, string[]>();
  let at = 0;
  const upTo = (end: string): string => {
    const index = buffer.indexOf(end, at);
    if (index < 0) throw incomplete(host, buffer);
    const text = buffer.toString('utf8', at, index);
    at = index + end.length;
    return text;
  };
  for (;;) {
    const [kind = '', ...fields] = upTo('\n').split('\t');
    if (kind === 'begin') {
      const [program = ''] = fields;
      const lines: string[] = [];
      for (let line = upTo('\n'); line !== `end\t${program}`; line = upTo('\n')) lines.push(line);
      outputs.set(program, lines);
      continue;
    }
    records.push([kind, ...fields]);
    if (kind === 'files') break;
  }
  const paths = Array.from({ length: Number(records.at(-1)?.[1]) }, () => upTo('\0'));
  const stats = [...paths, 'the clock'].map(() => {
    const [, mode = '', owner = '', size, seconds] =
      /^([0-7]+) (\S+) (\d+) (\d+)$/.exec(upTo('\n')) ?? stop(incomplete(host, buffer));
    return { mode: Number.parseInt(mode, 8), owner, size: Number(size), seconds: Number(seconds) };
  });
  const found = paths.map((path, index) => ({ path, ...(stats[index] ?? stop(incomplete(host, buffer))) }));
  const digested = known.size > 0 || found.some(({ size }) => size > largest);
  // A backslash before it says that the path after it is escaped.
  const digests = (digested ? found : []).map(
    () => /^\\?([0-9a-f]{64}) /.exec(upTo('\n'))?.[1] ?? stop(incomplete(host, buffer)),
  );
  const files = found.map(({ path, size, mode, owner }, index): [string, FileFact] => {
    const digest = digests[index];
    if (digest !== undefined && size > largest)
      return [path, { state: 'present', sha256: digest, mode, owner, text: null }];
    const sent = buffer.subarray(at, at + size);
    const content = known.get(digest ?? '') ?? sent;
    if (content === sent) at += size;
    const is = sha256(content);
    // Size, digest and bytes were read one after the other.
    if (content.length !== size || is !== (digest ?? is)) throw incomplete(host, buffer);
    return [path, { state: 'present', sha256: is, mode, owner, text: Buffer.from(content).toString('utf8') }];
  });
  if (buffer.toString('latin1', at) !== 'end\n') throw incomplete(host, buffer);
  return {
    all: (kind) => records.filter(([is]) => is === kind).map((record) => record.slice(1)),
    first: (kind) => records.find(([is]) => is === kind)?.slice(1) ?? [],
    output: (program) => outputs.get(program) ?? [],
    ran: (program) => outputs.has(program),
    files: Object.fromEntries(files),
    clockMs: (stats.at(-1)?.seconds ?? 0) * 1000,
  };
}

function stop(error: HaupError): never {
  throw error;
}

function incomplete(host: HostName, buffer: Buffer): HaupError {
  return new HaupError(
    'FACTS_UNREADABLE',
    'The host answered, but its facts are cut off, or a file changed while it was read.',
    {
      host,
      hint: 'Run the command again; with --debug it shows what the host said.',
      // Never the bytes of files: passwords are among them.
      detail: (buffer.toString('utf8').split('\nfiles\t')[0] ?? '').split('\n').slice(-5),
    },
  );
}
