/** What haup opens in a firewall, in the words that name its own rules there. */

/** Those that haup opens. */
export type FirewallTool = 'firewalld' | 'ufw' | 'nftables';

/** Where adverts go that are not unicast, RFC 5798 section 5.1.1.2. */
export const vrrpGroup = '224.0.0.18';

export type FirewallRule =
  /** Adverts (IP protocol 112) of another host; `to`: the group that they are for; null: this very host. */
  | { readonly kind: 'vrrp'; readonly from: string; readonly to: typeof vrrpGroup | null }
  /** Requests for nginx. */
  | { readonly kind: 'tcp'; readonly port: number }
  /** Requests of this host's own to a VIP, wherever that is: so it is found out whether the holder answers. */
  | { readonly kind: 'ask'; readonly vip: string; readonly port: number };

/** Where a rule is to stand: a zone of firewalld, a chain of nftables (`inet filter input`), `incoming` of ufw. */
export interface PlacedRule {
  readonly at: string;
  readonly rule: FirewallRule;
}

export interface FirewallFacts {
  /** The one that haup can open; null: there is none, but another. */
  readonly tool: FirewallTool | null;
  /** It filters now; one that does not is told of only when it has rules of haup's. */
  readonly active: boolean;
  /** What drops the unknown. */
  readonly places: readonly FirewallPlace[];
  /** Haup's own, in force now and after a reboot. */
  readonly rules: readonly PlacedRule[];
  /** What else drops the unknown, in words: haup does not know its ways. */
  readonly others: readonly string[];
}

export interface FirewallPlace {
  readonly at: string;
  /** Whether it judges what leaves the host. */
  readonly way: 'in' | 'out';
  /** With zones: whose zone it is, `''` for those that are in none. */
  readonly interface: string;
}

/** `vrrp 192.168.160.137 224.0.0.18`, `tcp 80`, `ask 192.168.160.161 80` */
export function ruleWords(rule: FirewallRule): string {
  if (rule.kind === 'tcp') return `tcp ${rule.port}`;
  if (rule.kind === 'ask') return `ask ${rule.vip} ${rule.port}`;
  return `vrrp ${rule.from}${rule.to === null ? '' : ` ${rule.to}`}`;
}

/** Null for words that are no rule of haup's. */
export function ruleOf(words: string): FirewallRule | null {
  const [, port] = /^tcp (\d{1,5})$/.exec(words) ?? [];
  if (port !== undefined) return { kind: 'tcp', port: Number(port) };
  const [, vip, asked] = /^ask (\d+(?:\.\d+){3}) (\d{1,5})$/.exec(words) ?? [];
  if (vip !== undefined) return { kind: 'ask', vip, port: Number(asked) };
  const [, from, to] = /^vrrp (\d+(?:\.\d+){3})( 224\.0\.0\.18)?$/.exec(words) ?? [];
  return from === undefined ? null : { kind: 'vrrp', from, to: to === undefined ? null : vrrpGroup };
}

/** The services that haup defines in firewalld; in ufw each port is an application, `haup-nginx-80`. */
export const firewallNames = { vrrp: 'haup-vrrp', nginx: 'haup-nginx' } as const;

export const ufwProfile: string = `/etc/ufw/applications.d/${firewallNames.nginx}`;
/** Where ufw keeps rules for protocols that its own commands do not know: vrrp is known from 0.36.2 on only. */
export const ufwRules = '/etc/ufw/before.rules';
export const ufwBlock = { begin: '# haup: adverts of the other hosts', end: '# haup ends' } as const;

/** Outside of keepalived's own directory, whose label SELinux keeps for what keepalived runs. */
export const nftScript = '/usr/libexec/haup-firewall';
export const nftUnit = 'haup-firewall.service';
/** The rules that the script sets, in words, one a line. */
export const nftRules = '/var/lib/haup/firewall';
export const nftUnitPath: string = `/etc/systemd/system/${nftUnit}`;
/** Files that go with haup's rules, and not when nothing else wants them. */
export const firewallFiles: readonly string[] = [nftScript, nftUnitPath, ufwProfile];

/** What comes from others. */
export type InwardRule = Exclude<FirewallRule, { readonly kind: 'ask' }>;
export const isInward = (rule: FirewallRule): rule is InwardRule => rule.kind !== 'ask';

/**
 * How firewalld writes a rule of haup's: `named` in its permanent configuration. At runtime it knows new
 * services only after a reload, which would take the operator's own runtime rules away; so until somebody
 * reloads it for another reason the same stands there with the numbers in place of the names.
 */
export function richRule(rule: InwardRule, how: 'named' | 'plain'): string {
  if (rule.kind === 'tcp') return `rule family="ipv4" port port="${rule.port}" protocol="tcp" accept`;
  const to = rule.to === null ? '' : `destination address="${rule.to}" `;
  const what = how === 'named' ? `service name="${firewallNames.vrrp}"` : 'protocol value="112"';
  return `rule family="ipv4" source address="${rule.from}" ${to}${what} accept`;
}
