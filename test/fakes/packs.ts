/** Packs as a host may make them, and as one may who means harm. */

import { gzipSync } from 'node:zlib';
import type { BuildRecipe } from '../../src/model/desired.ts';

export interface Member {
  readonly name: string;
  /** As tar has it: 0 file, 1 hard link, 2 symbolic link, 3 and 4 devices, 5 directory, 6 FIFO, L and K long names. */
  readonly type?: string;
  readonly mode?: number;
  readonly target?: string;
  readonly text?: string;
}

/** GNU tar's format, written by hand: no tar would write some of them. */
export function packOf(members: readonly Member[], end: Uint8Array = new Uint8Array(1024)): Buffer {
  return gzipSync(
    Buffer.concat([
      ...members.flatMap(({ name, type = '0', mode = 0o644, target = '', text = '' }) => {
        const header = Buffer.alloc(512);
        const body = Buffer.from(text, 'latin1');
        header.write(name, 0, 100, 'latin1');
        header.write(`${mode.toString(8).padStart(7, '0')}\0`, 100);
        header.write('0000000\0'.repeat(2), 108);
        header.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124);
        header.write('14000000000\0', 136);
        header.write('        ', 148);
        header.write(type, 156);
        header.write(target, 157, 100, 'latin1');
        header.write('ustar  \0', 257, 'latin1');
        if (type === '3' || type === '4') header.write('0000001\0'.repeat(2), 329);
        header.write(
          `${header
            .reduce((sum, byte) => sum + byte, 0)
            .toString(8)
            .padStart(6, '0')}\0 `,
          148,
        );
        return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
      }),
      end,
    ]),
  );
}

export const recipeOf = (prefix: string, sysconf: string): BuildRecipe => ({
  software: 'keepalived',
  version: '2.2.7',
  prefix,
  configure: [`--prefix=${prefix}`, `--sysconfdir=${sysconf}`],
  tarball: { name: 'keepalived-2.2.7.tar.gz', urls: [], sha256: '' },
  entry: `${sysconf}/keepalived/keepalived.conf`,
});

/** What a build of keepalived has. */
export const honest = (prefix: string, sysconf: string): readonly Member[] => [
  { name: './.haup-pack/', type: '5', mode: 0o755 },
  { name: './.haup-pack/features', text: 'Use VRRP Framework\n' },
  { name: './.haup-pack/libraries', text: '' },
  { name: './.haup-pack/needs', text: 'libc6\nlibstdc++6\n' },
  { name: `.${prefix}/`, type: '5', mode: 0o755 },
  { name: `.${prefix}/sbin/`, type: '5', mode: 0o755 },
  { name: `.${prefix}/sbin/keepalived`, mode: 0o755, text: '#!/bin/sh\n' },
  { name: `.${prefix}/bin/`, type: '5', mode: 0o755 },
  { name: `.${prefix}/bin/genhash`, type: '2', mode: 0o777, target: '../sbin/keepalived' },
  { name: `.${prefix}/.haup-build.keepalived`, text: 'stamp' },
  { name: `.${sysconf}/sysconfig/keepalived`, text: 'KEEPALIVED_OPTIONS="-D"\n' },
  { name: './lib/systemd/system/keepalived.service', text: '[Unit]\n' },
];

/** Members that no pack may have, added to what a build has; each with what is said of it. */
export const hostile = (
  prefix: string,
  sysconf: string,
): readonly (readonly [string, readonly Member[], RegExp])[] => [
  ['a file elsewhere', [{ name: './etc/cron.d/x', text: 'x' }], /\/etc\/cron.d\/x is not where/],
  ['a file of another name in a declared directory', [{ name: `.${sysconf}/passwd` }], /passwd is not where/],
  ['a file beside the prefix', [{ name: `.${prefix}-2/x` }], /-2\/x is not where/],
  ['a directory elsewhere', [{ name: './etc/cron.d/', type: '5' }], /\/etc\/cron.d is not where/],
  ['an absolute name', [{ name: `${prefix}/x` }], /absolute path|no build has/],
  ['a name with dots', [{ name: `.${prefix}/../../../etc/x` }], /\.\.\/etc\/x/],
  ['dots in the middle', [{ name: `.${prefix}/sbin/../../../../etc/x` }], /\.\.\/etc\/x/],
  ['a name of two lines', [{ name: `.${prefix}/a\n./etc/x` }], /name that no build has|not where/],
  ['a name with a blank', [{ name: `.${prefix}/a b` }], /name that no build has/],
  [
    'a link to elsewhere',
    [{ name: `.${prefix}/x`, type: '2', target: '/etc/passwd' }],
    /leads to \/etc\/passwd/,
  ],
  [
    'a link upwards',
    [{ name: `.${prefix}/x`, type: '2', target: '../../../../../../etc' }],
    /leads to \.\.\//,
  ],
  ['a link by way of others', [{ name: `.${prefix}/x`, type: '2', target: 'bin/../../y' }], /leads to bin/],
  [
    'a file through a link',
    [
      { name: `.${prefix}/y`, type: '2', target: 'sbin' },
      { name: `.${prefix}/y/x`, text: 'x' },
    ],
    /y\/x/,
  ],
  ['a link in place of a file', [{ name: `.${prefix}/sbin/keepalived`, type: '2', target: 'x' }], /twice/],
  ['a hard link', [{ name: `.${prefix}/x`, type: '1', target: `.${prefix}/sbin/keepalived` }], /hard link/],
  ['a hard link to elsewhere', [{ name: `.${prefix}/x`, type: '1', target: '/etc/passwd' }], /hard link/],
  ['a device', [{ name: `.${prefix}/x`, type: '4' }], /device/],
  ['a character device', [{ name: `.${prefix}/x`, type: '3' }], /device/],
  ['a FIFO', [{ name: `.${prefix}/x`, type: '6' }], /FIFO/],
  ['setuid', [{ name: `.${prefix}/x`, mode: 0o4755 }], /setuid/],
  ['setgid', [{ name: `.${prefix}/x`, mode: 0o2755 }], /setuid/],
  ['writable by everybody', [{ name: `.${prefix}/x`, mode: 0o666 }], /everybody/],
];
