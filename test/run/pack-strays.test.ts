import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import type { BuildRecipe } from '../../src/model/desired.ts';
import { HaupError } from '../../src/model/errors.ts';
import { liesIn, packPlaces } from '../../src/base/pack-places.ts';
import { strays } from '../../src/run/pack-strays.ts';
import { packStore } from '../../src/run/pack-store.ts';
import { honest, hostile, type Member, packOf, recipeOf } from '../fakes/packs.ts';
import { scratchDirectory } from '../scratch.ts';

const [prefix, sysconf] = ['/usr/local/keepalived', '/etc'] as const;
const recipe = recipeOf(prefix, sysconf);
const said = (members: readonly Member[], end?: Uint8Array): string | null =>
  strays(packOf([...honest(prefix, sysconf), ...members], end), recipe);

test('what a build has may go where it goes', () => expect(said([])).toBeNull());

test.each(hostile(prefix, sysconf))('refused: %s', (_name, members, says) => {
  expect(said(members)).toMatch(says);
});

test.each([
  ['a needed package that is an option', '-oDpkg::Pre-Invoke::=x\n'],
  ['a removal', 'openssh-server-\n'],
  ['a file', './x.deb\n'],
  ['two in a line', 'a b\n'],
])('refused: %s', (_name, text) => {
  const members = honest(prefix, sysconf).map((one) => (one.name.endsWith('needs') ? { ...one, text } : one));
  expect(strays(packOf(members), recipe)).toBe('/.haup-pack/needs asks for what is no package');
});

test.each([
  ['that is cut off', (tar: Buffer) => tar.subarray(0, tar.length - 1024 - 700), 'it is cut off'],
  ['with a header that was changed', (tar: Buffer) => tar.fill('x', 3, 4), 'a checksum in it is wrong'],
  [
    'with something after its end',
    (tar: Buffer) => Buffer.concat([tar, Buffer.from('x')]),
    'something follows its end',
  ],
  ['in extended headers', () => gunzipSync(packOf([{ name: 'x', type: 'x' }])), 'x is of type "x"'],
])('refused: a pack %s', (_name, change, says) => {
  const tar = change(gunzipSync(packOf(honest(prefix, sysconf))));
  expect(strays(gzipSync(tar), recipe)).toBe(says);
});

test('long names are read as tar writes them', () => {
  const long = `${'n'.repeat(90)}/${'m'.repeat(90)}`;
  expect(
    said([{ name: '././@LongLink', type: 'L', text: `.${prefix}/${long}\0` }, { name: 'x' }]),
  ).toBeNull();
  expect(
    said([{ name: '././@LongLink', type: 'L', text: `./etc/${long}\0` }, { name: `.${prefix}/x` }]),
  ).toMatch(/^\/etc\/n+\/m+ is not where/);
  const link = { name: '././@LongLink', type: 'K', text: `/etc/${long}\0` };
  expect(said([link, { name: `.${prefix}/x`, type: '2', target: 'sbin' }])).toMatch(/leads to \/etc\/n/);
});

describe('packs as a real tar makes them', () => {
  let root: string;
  beforeEach(() => {
    root = scratchDirectory();
  });
  const tar = (): Buffer =>
    execFileSync('tar', ['-C', join(root, 'tree'), '-czf', '-', '--owner=0', '--group=0', `.${prefix}`]);

  test('files, links and long names', () => {
    const deep = join(root, 'tree', prefix, 'share', 'd'.repeat(80), 'e'.repeat(80));
    mkdirSync(deep, { recursive: true });
    writeFileSync(join(deep, 'f'), 'x');
    symlinkSync(`../../${'d'.repeat(80)}/${'e'.repeat(80)}/f`, join(dirname(deep), 'l'));
    expect(strays(tar(), recipe)).toBeNull();
    symlinkSync('/etc/shadow', join(deep, 'l'));
    expect(strays(tar(), recipe)).toMatch(/leads to \/etc\/shadow$/);
  });
});

describe('where the options of ./configure put files', () => {
  const at = (software: BuildRecipe['software'], entry: string, ...configure: string[]): BuildRecipe => ({
    ...recipe,
    software,
    entry,
    prefix: '/opt/x',
    configure: ['--prefix=/opt/x', ...configure],
  });
  test.each([
    [
      'keepalived',
      '/etc/keepalived/keepalived.conf',
      ['--sysconfdir=/etc'],
      '/etc/keepalived/samples/sample.misccheck',
    ],
    ['keepalived', '/etc/keepalived/keepalived.conf', ['--sysconfdir=/etc'], '/etc/sysconfig/keepalived'],
    ['keepalived', '/etc/keepalived/keepalived.conf', ['--sbindir=/usr/sbin'], '/usr/sbin/keepalived'],
    [
      'keepalived',
      '/etc/keepalived/keepalived.conf',
      ['--datadir=/usr/share/'],
      '/usr/share/snmp/mibs/VRRP-MIB.txt',
    ],
    [
      'nginx',
      '/etc/nginx/nginx.conf',
      ['--conf-path=/etc/nginx/nginx.conf'],
      '/etc/nginx/mime.types.default',
    ],
    ['nginx', '/opt/x/conf/nginx.conf', ['--sbin-path=/usr/sbin/nginx'], '/usr/sbin/nginx'],
    [
      'nginx',
      '/opt/x/conf/nginx.conf',
      ['--modules-path=/usr/lib/nginx'],
      '/usr/lib/nginx/ngx_http_image.so',
    ],
  ] as const)('%s with %s %s has %s', (software, entry, configure, path) => {
    expect(liesIn(path, packPlaces(at(software, entry, ...configure)))).toBe(true);
    expect(liesIn(path, packPlaces(at(software, '/opt/x/n.conf')))).toBe(false);
  });
  test.each([
    ['keepalived', ['--sysconfdir=/etc'], '/etc/cron.d/x'],
    ['keepalived', ['--with-kernel-dir=/etc', '--with-x=/etc'], '/usr/keepalived'],
    ['nginx', ['--sbin-path=/usr/sbin/nginx'], '/usr/sbin/sshd'],
    ['nginx', ['--conf-path=/etc/nginx.conf'], '/etc/passwd'],
    ['nginx', ['--add-module=/etc', '--with-openssl=/etc'], '/etc/x'],
    ['nginx', [], '/opt/xx/y'],
  ] as const)('%s with %s has no %s', (software, configure, path) => {
    expect(liesIn(path, packPlaces(at(software, '/etc/nginx.conf', ...configure)))).toBe(false);
  });
});

describe('the store of builds', () => {
  const directory = scratchDirectory();
  const wanted = { pack: { key: 'a'.repeat(64), stamp: 's', manager: null }, recipe };
  const bad = packOf([...honest(prefix, sysconf), { name: './etc/cron.d/x' }]);
  const refused = async (asked: Promise<unknown>): Promise<HaupError> => {
    const error: unknown = await asked.catch((e: unknown) => e);
    if (error instanceof HaupError) return error;
    throw new Error('it was not refused');
  };

  test('a host that makes one which strays is named, and nobody gets it', async () => {
    const error = await refused(packStore(directory).put(wanted, bad, 'keep_136'));
    expect(error).toMatchObject({ code: 'INSTALL_FAILED', host: 'keep_136' });
    expect(error.message).toMatch(/cron\.d\/x is not where its \.\/configure puts files/);
    expect(readdirSync(directory)).toEqual([]);
  });

  test('one that it keeps is looked at again', async () => {
    await packStore(directory).put(wanted, packOf(honest(prefix, sysconf)), 'keep_136');
    const store = packStore(directory);
    await store.ready(wanted, new AbortController().signal);
    expect(store.bytes(wanted.pack)).toEqual(packOf(honest(prefix, sysconf)));
    const other = { ...wanted, recipe: recipeOf('/opt/keepalived', '/etc') };
    const again = packStore(directory).ready(other, new AbortController().signal);
    expect((await refused(again)).message).toMatch(/that this machine keeps in .*is not where/);
  });
});
