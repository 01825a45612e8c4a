/**
 * Rules across fields. Each looks at the well-formed parts and returns every violation. keepalived itself
 * accepts most of these silently, or drops half of the configuration with a warning.
 */

import { atLeast } from '../base/version.ts';
import { addressOf } from './derive.ts';
import { siteRules } from './site-rules.ts';
import { vipRules } from './vip-rules.ts';
import type { Parts } from './parts.ts';
import type { Violation } from './violation.ts';

export function rules(parts: Parts): Violation[] {
  return [hosts, vipRules, timing, authentication, documented, fast, initScript, siteRules].flatMap((rule) =>
    rule(parts),
  );
}

function hosts(parts: Parts): Violation[] {
  const found: Violation[] = [];
  const seen = new Map<string, string>();
  for (const [name, host] of parts.hosts ?? []) {
    const twice = [
      ['address', 'ansible_host', host.address],
      ['ssh.port', 'ansible_port', host.ssh?.port],
      ['ssh.user', 'ansible_user', host.ssh?.user],
    ] as const;
    for (const [own, alias, value] of twice) {
      if (value === undefined || host[alias] === undefined) continue;
      found.push({
        path: ['hosts', name, alias],
        at: 'key',
        message: `${alias} means the same as ${own}`,
        hint: `Keep ${own} and remove the other.`,
      });
    }
    const address = addressOf(name, host).toLowerCase();
    const other = seen.get(address);
    const key =
      host.address === undefined ? (host.ansible_host === undefined ? undefined : 'ansible_host') : 'address';
    if (other !== undefined) {
      found.push({
        path: key === undefined ? ['hosts', name] : ['hosts', name, key],
        at: key === undefined ? 'key' : 'value',
        message: `${name} has the address of ${other}, ${address}`,
        hint: 'Two hosts need two addresses.',
      });
    } else seen.set(address, name);
  }
  return found;
}

function timing({ vips, vrrp, check }: Parts): Violation[] {
  const found: Violation[] = [];
  const intervals = [
    { path: ['vrrp', 'advert_int'], seconds: vrrp.advert_int },
    ...vips.map((vip, i) => ({ path: ['vips', i, 'advert_int'], seconds: vip.advert_int })),
  ];
  for (const { path, seconds } of intervals) {
    if (seconds === undefined) continue;
    const hundredths = seconds * 100;
    if (vrrp.version === 2 && !Number.isInteger(seconds)) {
      found.push({
        path,
        message: `VRRP version 2 counts whole seconds, not ${seconds}`,
        hint: 'Write whole seconds, or vrrp.version: 3.',
      });
    } else if (
      vrrp.version === 3 &&
      (Math.round(hundredths) > 4095 || Math.abs(hundredths - Math.round(hundredths)) > 1e-6)
    ) {
      found.push({
        path,
        message: `VRRP version 3 counts hundredths of a second up to 40.95, not ${seconds}`,
      });
    }
  }
  if (check.timeout !== undefined && check.interval !== undefined && check.timeout > check.interval) {
    found.push({
      path: ['vrrp', 'check', 'timeout'],
      message: `a check that may take ${check.timeout} s cannot run every ${check.interval} s`,
      hint: 'Set timeout to at most interval.',
    });
  }
  return found;
}

function authentication({ vrrp }: Parts): Violation[] {
  if (vrrp.version !== 3 || vrrp.auth_pass === undefined) return [];
  return [
    {
      path: ['vrrp', 'auth_pass'],
      at: 'key',
      message: 'VRRP version 3 has no authentication',
      hint:
        vrrp.profile === 'fast'
          ? 'Remove auth_pass: the fast profile is version 3.'
          : 'Remove auth_pass, or write vrrp.version: 2.',
    },
  ];
}

/** keepalived sends at most 8 bytes; the refused characters would end the word in keepalived.conf. */
export function authPassProblem(password: string): string | null {
  if (password === '') return 'is empty';
  const bytes = new TextEncoder().encode(password).length;
  if (bytes > 8) return `has ${bytes} bytes; VRRP carries 8, and keepalived would truncate it`;
  if (!/^[A-Za-z0-9_.,:;+*/=<>?^&%()[\]|-]+$/.test(password)) {
    return 'has a space, a quote, one of !#$@{}~\\` or a non-ASCII character, which keepalived.conf cannot hold';
  }
  return null;
}

function documented({ vrrp }: Parts): Violation[] {
  if (vrrp.profile !== 'documented') return [];
  const hint = 'Remove it, or write profile: default.';
  const found: Violation[] = [];
  if (vrrp.unicast)
    found.push({ path: ['vrrp', 'unicast'], message: 'the documented profile has no unicast peers', hint });
  if (vrrp.preempt_delay)
    found.push({
      path: ['vrrp', 'preempt_delay'],
      message: 'the documented profile has no preempt_delay',
      hint,
    });
  return found;
}

/** keepalived 2.0 has what it renders: vrrp_rt_priority and a drain. */
function fast({ vips, vrrp, keepalived }: Parts): Violation[] {
  if (vrrp.profile !== 'fast') return [];
  const hint = 'Remove it, or write profile: default.';
  const found: Violation[] = [];
  if (vrrp.version === 2)
    found.push({ path: ['vrrp', 'version'], message: 'the fast profile needs VRRP version 3', hint });
  for (const [path, seconds] of [
    [['vrrp', 'advert_int'], vrrp.advert_int],
    ...vips.map((vip, i) => [['vips', i, 'advert_int'], vip.advert_int] as const),
  ] as const) {
    if (seconds !== undefined && seconds >= 1)
      found.push({ path, message: 'the fast profile has adverts of less than a second', hint });
  }
  const { version } = keepalived;
  if (keepalived.from === 'source' && version !== undefined && !atLeast(version, '2.0.0')) {
    found.push({
      path: ['keepalived', 'version'],
      message: `the fast profile needs keepalived 2.0.0 or later, not ${version}`,
      hint: 'Raise keepalived.version, or write vrrp.profile: default.',
    });
  }
  return found;
}

function initScript({ keepalived }: Parts): Violation[] {
  if (keepalived.service !== 'sysv' || keepalived.from !== 'package') return [];
  return [
    {
      path: ['keepalived', 'service'],
      message: 'the init script comes from the source tree, but keepalived is installed from a package',
      hint: 'Write from: source, or service: systemd.',
    },
  ];
}
