import { describe, expect, test } from 'vitest';
import type { Vip, Vrrp } from '../../src/model/domain.ts';
import { bound, masterDownMs, skewMs } from '../../src/measure/bounds.ts';

const vip: Vip = {
  name: 'VI_1',
  address: { address: '192.168.160.161', prefix: null },
  virtualRouterId: 51,
  members: [
    { host: 'keep_136', priority: 100, interface: null },
    { host: 'keep_137', priority: 80, interface: null },
  ],
  advertInt: 1,
};
const vrrp: Vrrp = {
  version: 2,
  profile: 'default',
  authPass: null,
  unicast: false,
  preemptDelay: 0,
  garpMasterRefresh: 60,
  check: { enabled: true, interval: 1, timeout: 1, fall: 2, rise: 2 },
};
const successor = { successor: 'keep_137', priority: 80 } as const;

describe('the two timers', () => {
  // RFC 3768 6.1, RFC 5798 6.1; the second and third are keepalived's own examples.
  test.each([
    [2, 1, 80, 687.5, 3687.5],
    [2, 1, 100, 609.375, 3609.375],
    [3, 0.1, 100, 60.9375, 360.9375],
    [2, 3, 254, 7.8125, 9007.8125],
    [3, 1, 200, 218.75, 3218.75],
  ] as const)(
    'version %d, advert_int %d, priority %d: skew %d ms, down %d ms',
    (version, advert, priority, skew, down) => {
      expect(skewMs({ version }, advert, priority)).toBeCloseTo(skew, 6);
      expect(masterDownMs({ version }, advert, priority)).toBeCloseTo(down, 6);
    },
  );
});

describe('bounds', () => {
  const at = { vip, vrrp, ...successor };

  test('stop: the skew of the successor, 15 % and 30 ms on top', () => {
    const stop = bound('stop', at);
    expect(stop.outageMs).toBe(687.5);
    expect(stop.allowanceMs).toBeCloseTo(133.125, 6);
    expect(stop.noneHeldMs).toBe(687.5);
    expect(stop.bothHeldMs).toBe(0);
    expect(stop.lossless).toBe(false);
    expect(stop.formula).toBe('skew (256 − 80)/256 s of keep_137');
  });

  test('reboot: a stop, which may take a shutdown to come', () => {
    const [stop, reboot] = [bound('stop', at), bound('reboot', at)];
    expect(reboot).toEqual({ ...stop, withinMs: stop.withinMs + 30_000 });
  });

  test('drain and failback lose nothing and are over when the master-down timer has run out', () => {
    const drain = bound('drain', at);
    expect(drain).toMatchObject({
      outageMs: 0,
      lossless: true,
      withinMs: 3687.5,
      noneHeldMs: 0,
      bothHeldMs: 0,
    });
    const back = bound('failback', {
      vip,
      vrrp: { ...vrrp, preemptDelay: 5 },
      successor: 'keep_136',
      priority: 100,
    });
    expect(back).toMatchObject({ outageMs: 0, lossless: true, withinMs: 3609.375 + 5000 + 1000 });
  });

  test('a silent master costs the whole master-down interval, in version 3 a tenth of it', () => {
    expect(bound('link', at).outageMs).toBe(3687.5);
    const fast = bound('link', { ...at, vip: { ...vip, advertInt: 0.1 }, vrrp: { ...vrrp, version: 3 } });
    expect(fast.outageMs).toBeCloseTo(368.75, 6);
    expect(fast.formula).toBe('3 × 0.1 s + skew (256 − 80)/256 × 0.1 s of keep_137');
  });

  test('a crash is silence, and the unit takes the VIP away: no two hosts hold it', () => {
    expect(bound('crash', at)).toMatchObject({ outageMs: 3687.5, bothHeldMs: 0, lossless: false });
  });

  test.each([
    // [interval, timeout, fall]: killed, hung
    [2, 1, 2, 4000, 5000],
    [1, 1, 2, 2000, 5000],
    [5, 2, 3, 15_000, 17_000],
  ])(
    'checks every %d s, timeout %d s, fall %d: killed %d ms, hung %d ms, and the skew',
    (interval, timeout, fall, killed, hung) => {
      const check = { ...vrrp.check, interval, timeout, fall };
      const checked = { ...at, vrrp: { ...vrrp, check } };
      expect(bound('nginx', checked)).toMatchObject({ outageMs: killed + 687.5, noneHeldMs: 687.5 });
      expect(bound('hang', checked)).toMatchObject({ outageMs: hung + 687.5, noneHeldMs: 687.5 });
    },
  );

  test('the way back after nginx waits for the good checks, and loses nothing', () => {
    const checked = { ...at, vrrp: { ...vrrp, check: { ...vrrp.check, interval: 2, timeout: 1, rise: 3 } } };
    expect(bound('recovery', checked)).toMatchObject({ lossless: true, withinMs: 7000 + 3687.5 + 1000 });
  });
});
