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

/** `largest`: of a larger file there is only the digest. Throws FACTS_UNREADABLE when the answer is incomplete. */
export function readAnswer(host: HostName, bytes: Uint8Array, largest: number): Answer {
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
  // A backslash before it says that the path after it is escaped.
  const digests = new Map(
    found
      .filter(({ size }) => size > largest)
      .map(({ path }) => [
        path,
        /^\\?([0-9a-f]{64}) /.exec(upTo('\n'))?.[1] ?? stop(incomplete(host, buffer)),
      ]),
  );
  const files = found.map(({ path, size, mode, owner }): [string, FileFact] => {
    const digest = digests.get(path);
    if (digest !== undefined) return [path, { state: 'present', sha256: digest, mode, owner, text: null }];
    const content = buffer.subarray(at, at + size);
    at += size;
    return [path, { state: 'present', sha256: sha256(content), mode, owner, text: content.toString('utf8') }];
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
