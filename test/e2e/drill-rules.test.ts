// suite: measures, all
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drilledVip as one, drillLab } from './drill-lab.ts';
import { onHost, testLab } from './haup.ts';
import { installMore } from './more-packages.ts';

/** Drills that block adverts, on hosts without nft. */
const { lab, inLab, path, drill } = drillLab(testLab('drill-rules'));

test('vrrp-block without nft and iptables on the host breaks nothing, and says what is missing', async () => {
  await onHost(lab, 'keep_136', 'mv /usr/sbin/nft /usr/sbin/nft.aside');
  try {
    const ran = await inLab(['verify', path(), '--yes', '--vip', one, '--drill', 'vrrp-block']);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/neither nft nor iptables/);
  } finally {
    await onHost(lab, 'keep_136', 'mv /usr/sbin/nft.aside /usr/sbin/nft');
  }
});

describe('adverts that do not pass, on a host with iptables and without nft', () => {
  beforeAll(async () => {
    await installMore(lab, { keep_136: ['iptables'] });
    await onHost(lab, 'keep_136', 'mv /usr/sbin/nft /usr/sbin/nft.aside');
  });
  afterAll(async () => {
    await onHost(lab, 'keep_136', 'mv /usr/sbin/nft.aside /usr/sbin/nft');
  });

  test('vrrp-block: a split brain, and no rule is left', async () => {
    let during = '';
    const { code, report } = await drill(path(), 'vrrp-block', {
      onStderr: (text) => {
        if (!/is held and answered by keep_137/.test(text)) return;
        void onHost(lab, 'keep_136', 'iptables -S; ip6tables -S').then((rules) => (during = rules));
      },
    });
    expect(code).toBe(3);
    expect(report.bothHeldMs).toBeGreaterThan(900);
    expect(report.reasons.join('\n')).toMatch(/keep_136 and keep_137 both have it at the end: split brain/);
    expect(during.match(/haup-drill/g)).toHaveLength(4);
    expect(await onHost(lab, 'keep_136', 'iptables -S; ip6tables -S')).not.toContain('haup-drill');
  });
});
