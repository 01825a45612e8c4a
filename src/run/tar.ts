/**
 * Reads a gzipped tar archive, and nothing that two programs could read in two ways: plain files, directories and
 * symbolic links under names that are written once, as GNU tar and busybox make them. Pure.
 */

import { gunzipSync } from 'node:zlib';

export interface TarEntry {
  /** As it is written. */
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'link';
  readonly mode: number;
  /** Of a link. */
  readonly target: string;
  readonly bytes: Uint8Array;
}

/** A build has some ten MB. */
const largest = 512 * 1024 * 1024;
const block = 512;

/** Throws an Error that says what is wrong with it, a phrase. */
export function readTar(archive: Uint8Array): readonly TarEntry[] {
  const bytes = gunzipSync(archive, { maxOutputLength: largest });
  const entries: TarEntry[] = [];
  /** Long names come in entries of their own, before the one that they are of. */
  let long: { name?: string; target?: string } = {};
  let at = 0;
  for (;;) {
    const header = bytes.subarray(at, at + block);
    if (header.length < block) throw new Error('it is cut off');
    if (header.every((byte) => byte === 0)) break;
    assertSum(header);
    const size = octal(header, 124, 12);
    const body = bytes.subarray(at + block, at + block + size);
    if (body.length < size) throw new Error('it is cut off');
    at += block + Math.ceil(size / block) * block;
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === 'L') long = { ...long, name: text(body) };
    else if (type === 'K') long = { ...long, target: text(body) };
    else {
      const name = long.name ?? nameIn(header);
      const kind = kinds[type];
      if (kind === undefined) throw new Error(`${name} is ${odd[type] ?? `of type ${JSON.stringify(type)}`}`);
      if (kind !== 'file' && size !== 0) throw new Error(`${name} has a content`);
      const target = long.target ?? field(header, 157, 100);
      entries.push({ name, kind, mode: octal(header, 100, 8), target, bytes: body });
      long = {};
    }
  }
  if (!bytes.subarray(at).every((byte) => byte === 0)) throw new Error('something follows its end');
  return entries;
}

const kinds: Readonly<Record<string, TarEntry['kind']>> = {
  '0': 'file',
  '\0': 'file',
  '2': 'link',
  '5': 'directory',
};
const odd: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  '3': 'a device',
  '4': 'a device',
  '6': 'a FIFO',
};

/** The prefix of ustar is something else in GNU's own format. */
function nameIn(header: Uint8Array): string {
  const prefix = field(header, 257, 6) === 'ustar' ? field(header, 345, 155) : '';
  return prefix === '' ? field(header, 0, 100) : `${prefix}/${field(header, 0, 100)}`;
}

function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end === -1 ? bytes : bytes.subarray(0, end)).toString('latin1');
}

const field = (header: Uint8Array, start: number, length: number): string =>
  text(header.subarray(start, start + length));

function octal(header: Uint8Array, start: number, length: number): number {
  const digits = field(header, start, length).trim();
  if (!/^[0-7]+$/.test(digits)) throw new Error('a number in it is not octal');
  return Number.parseInt(digits, 8);
}

function assertSum(header: Uint8Array): void {
  const sum = header.reduce((all, byte, index) => all + (index >= 148 && index < 156 ? 0x20 : byte), 0);
  if (octal(header, 148, 8) !== sum) throw new Error('a checksum in it is wrong');
}
