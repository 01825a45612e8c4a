// suite: measures, all
import { describe, expect, test } from 'vitest';
import { atOnce, changesLab, interval, inTurns, password, unicast, vrids } from './changes-lab.ts';
import { figure, onHost, testLab } from './haup.ts';
import { builtFrom, newerNginx } from './newer.ts';
import { type Edit, fast, keepalivedOption, nginxOption, soak } from './own-lab.ts';

/** Changes that take long: other builds, and adverts that are slow to tell of what has changed. */

const { lab, example, quick, inventory, apply, pending, rollback, withoutLoss, begins, thereAndBack } =
  changesLab(testLab('slow-changes'));
const times = Math.max(1, soak);

/** One by one what otherwise comes together; it takes minutes. */
const slow: readonly (readonly [string, readonly Edit[], RegExp])[] = [
  ['advert_int changes', [fast, (it) => void (it.vrrp['advert_int'] = 0.2)], /change keep_136/],
  ['unicast takes the place of multicast', [fast, unicast], inTurns],
  ['VRIDs change', [fast, vrids], inTurns],
  ['keepalived is built with another option', [fast, keepalivedOption], /install keepalived/],
  ['nginx is built with another option', [fast, nginxOption], /install nginx/],
];

const slowAdverts: readonly (readonly [string, readonly Edit[], RegExp])[] = [
  ['advert_int changes', [interval], atOnce],
  ['the password changes', [password], atOnce],
];

describe.each(Array.from({ length: times }, (_, at) => at + 1))('no request is lost (%i)', () => {
  test('while VRIDs change, with slow adverts: what the one announces late does not count', async () => {
    await thereAndBack('VRIDs change, adverts of 1 s', example(), inventory(vrids), inTurns);
  });

  for (const [what, edits, made] of soak > 0 ? slowAdverts : []) {
    test(`while ${what}, with slow adverts, and while that is rolled back`, async () => {
      await thereAndBack(what, example(), inventory(...edits), made);
    });
  }

  test('while both daemons are built with another option, and while the old ones come back uncompiled', async () => {
    const changed = inventory(fast, keepalivedOption, nginxOption);
    await begins(quick());
    await withoutLoss('both daemons are built with another option', () => apply(changed));
    const version = '/usr/local/keepalived/sbin/keepalived -v 2>&1; /usr/local/nginx/sbin/nginx -V 2>&1';
    expect(await onHost(lab, 'keep_136', version)).toMatch(
      /--disable-lvs[^]*--without-http_autoindex_module/,
    );
    let back = '';
    await withoutLoss('both daemons are built with another option, rolled back', async () => {
      back = (await rollback(changed)).stdout;
    });
    expect(back).toMatch(/put keepalived \S+ back as it was[^]*put nginx \S+ back as it was/);
    expect(back).not.toMatch(/configure|compile|gcc/);
    expect(await onHost(lab, 'keep_137', version)).not.toMatch(
      /--disable-lvs|--without-http_autoindex_module/,
    );
    expect(await pending(quick())).toBe(0);
  });

  for (const [what, edits, made] of soak > 0 ? slow : []) {
    test(`while ${what}, and while that is rolled back`, async () => {
      await thereAndBack(what, quick(), inventory(...edits), made);
    });
  }

  if (soak > 0) {
    test('while nginx is upgraded, and while that is rolled back', async () => {
      const newer = newerNginx();
      if (newer === null) return figure('there is no second version of nginx to upgrade to');
      await thereAndBack(
        `nginx becomes ${newer.version}`,
        quick(),
        inventory(fast, builtFrom(newer)),
        /install nginx/,
      );
    });
  }
});
