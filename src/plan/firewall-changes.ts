/** Rules of haup's own in a firewall: which are missing, and which nothing wants any more. Pure. */

import type { Resource } from '../model/desired.ts';
import type { HostFacts } from '../model/facts.ts';
import {
  type FirewallFacts,
  firewallFiles,
  type FirewallPlace,
  type FirewallRule,
  type FirewallTool,
  type PlacedRule,
  ruleWords,
  vrrpGroup,
} from '../model/firewall-rules.ts';
import type { Change } from '../model/plan.ts';
import { putFiles } from './file-changes.ts';

export interface FirewallDiff {
  /** Before daemons need it. What was let in until now is let in until all hosts are changed. */
  readonly open: Change | string;
  /** After that. */
  readonly close: Change | null;
}

export function diffFirewall(want: Extract<Resource, { kind: 'firewall' }>, have: HostFacts): FirewallDiff {
  const { tool } = want;
  const present = have.firewall?.rules ?? [];
  const wanted = placesOf(have.firewall, want.interfaces).flatMap(({ at, way }) =>
    want.rules.filter((rule) => concerns(rule, way, tool)).map((rule): PlacedRule => ({ at, rule })),
  );
  const missing = without(wanted, present);
  const extra = want.complete ? without(present, wanted) : [];
  const put = putFiles(want.files, have);
  const action = (rules: readonly PlacedRule[]) => ({ do: 'firewall', tool, rules }) as const;
  return {
    open:
      missing.length === 0 && put === null
        ? `firewall: ${tool} lets in ${said(want.rules)}`
        : {
            id: 'firewall',
            kind: 'firewall',
            title: `let ${said(missing.length > 0 ? rulesOf(missing) : want.rules)} through ${tool}`,
            why: missing.length > 0 ? dropped(tool, missing) : 'the rules would not last',
            actions: [...(put?.actions ?? []), action([...without(present, wanted), ...wanted])],
            diffs: put?.diffs ?? [],
          },
    close:
      extra.length === 0
        ? null
        : {
            id: 'firewall:close',
            kind: 'close-firewall',
            title: `close ${tool} for ${said(rulesOf(extra))}`,
            why: 'haup opened it, and the inventory no longer needs it',
            actions: [action(wanted)],
            diffs: [],
          },
  };
}

/**
 * What a kept state was let through, for going back to it. Nothing is closed: the others may not go back, and the
 * next apply closes what the inventory does not want.
 */
export function reopenFirewall(rules: readonly PlacedRule[], have: HostFacts): readonly Change[] {
  const { firewall } = have;
  if (firewall === null || !firewall.active || firewall.tool === null) return [];
  const { tool } = firewall;
  const missing = without(rules, firewall.rules);
  if (missing.length === 0) return [];
  return [
    {
      id: 'firewall',
      kind: 'firewall',
      title: `let ${said(rulesOf(missing))} through ${tool}`,
      why: dropped(tool, missing),
      actions: [{ do: 'firewall', tool, rules: [...firewall.rules, ...missing] }],
      diffs: [],
    },
  ];
}

/** Takes every rule of haup's away; null where there is none. */
export function closeFirewall({ firewall, record }: HostFacts): Change | null {
  const tool = firewall?.tool ?? toolOf(record.files);
  const rules = firewall?.rules ?? [];
  if (tool === null || (rules.length === 0 && toolOf(record.files) === null)) return null;
  return {
    id: 'firewall:close',
    kind: 'close-firewall',
    title: `close ${tool}${rules.length > 0 ? ` for ${said(rulesOf(rules))}` : ''}`,
    why: 'haup had opened it',
    actions: [{ do: 'firewall', tool, rules: [] }],
    diffs: [],
  };
}

/** Whose files haup has put there, where the firewall itself has nothing to tell. */
function toolOf(files: readonly string[]): FirewallTool | null {
  const found = firewallFiles.find((path) => files.includes(path));
  return found === undefined ? null : found.startsWith('/etc/ufw/') ? 'ufw' : 'nftables';
}

/**
 * With zones, those of the interfaces; an interface of none is in the default zone. Without interfaces, those that
 * haup has opened already.
 */
function placesOf(have: FirewallFacts | null, interfaces: readonly string[]): readonly FirewallPlace[] {
  const places = have?.places ?? [];
  if (have?.tool !== 'firewalld') return places;
  if (interfaces.length === 0) {
    const opened = places.filter(({ at }) => have.rules.some((rule) => rule.at === at));
    return (opened.length > 0 ? opened : places.filter((one) => one.interface === '')).filter(
      ({ at }, index, all) => all.findIndex((other) => other.at === at) === index,
    );
  }
  const zone = (name: string): FirewallPlace | undefined => places.find((one) => one.interface === name);
  const zones = interfaces.flatMap((name) => zone(name) ?? zone('') ?? []);
  return zones.filter(({ at }, index) => zones.findIndex((other) => other.at === at) === index);
}

/** ufw lets out by itself what belongs to a connection that was let in. */
const concerns = (rule: FirewallRule, way: FirewallPlace['way'], tool: FirewallTool): boolean =>
  rule.kind === 'vrrp' || (rule.kind === 'ask' ? way === 'out' : way === 'in' || tool === 'nftables');

const keyOf = ({ at, rule }: PlacedRule): string => `${at}: ${ruleWords(rule)}`;

function without(rules: readonly PlacedRule[], others: readonly PlacedRule[]): readonly PlacedRule[] {
  const known = new Set(others.map(keyOf));
  return rules.filter((one) => !known.has(keyOf(one)));
}

const rulesOf = (placed: readonly PlacedRule[]): readonly FirewallRule[] => placed.map(({ rule }) => rule);

function dropped(tool: FirewallTool, missing: readonly PlacedRule[]): string {
  const places = [...new Set(missing.map(({ at }) => at))].join(', ');
  const where = { firewalld: `zone ${places} of firewalld`, ufw: 'ufw', nftables: `${places} of nftables` }[
    tool
  ];
  return missing.some(({ rule }) => rule.kind === 'vrrp')
    ? `${where} drops it: both hosts would hold a VIP`
    : `${where} drops it`;
}

/** `VRRP from 192.168.160.137 and TCP 80, 443` */
function said(rules: readonly FirewallRule[]): string {
  const list = (of: readonly (string | number)[]): string => [...new Set(of)].join(', ');
  const from = (to: string | null): string =>
    list(rules.flatMap((rule) => (rule.kind === 'vrrp' && rule.to === to ? [rule.from] : [])));
  const [group, unicast] = [from(vrrpGroup), from(null)];
  const ports = list(rules.flatMap((rule) => (rule.kind === 'tcp' ? [rule.port] : [])));
  const words = [
    ...(group === '' ? [] : [`multicast VRRP from ${group}`]),
    ...(unicast === '' ? [] : [`unicast VRRP from ${unicast}`]),
    ...(ports === '' ? [] : [`TCP ${ports}`]),
  ];
  // Beside the others it goes without saying.
  const asked = list(rules.flatMap((rule) => (rule.kind === 'ask' ? [rule.vip] : [])));
  return words.length > 0 ? words.join(' and ') : `requests to ${asked}`;
}
