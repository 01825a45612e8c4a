/** What facts-firewall.sh needs and prints. */

import {
  type FirewallFacts,
  firewallNames,
  type FirewallPlace,
  type InwardRule,
  type FirewallTool,
  nftRules,
  type PlacedRule,
  richRule,
  ruleOf,
  ufwBlock,
  ufwRules,
  vrrpGroup,
} from '../model/firewall-rules.ts';
import type { Records } from './read-answer.ts';

export const firewallArguments = {
  nginx_service: firewallNames.nginx,
  ufw_begin: ufwBlock.begin,
  ufw_end: ufwBlock.end,
  ufw_rules: ufwRules,
  nft_rules: nftRules,
} as const;

/** @param records what follows `firewall` on each line */
export function parseFirewall(records: Records): FirewallFacts | null {
  const of = (kind: string): Records => records.flatMap(([first, ...rest]) => (first === kind ? [rest] : []));
  const others = [...new Set(of('other').map(([name = '']) => name))];
  const chains = of('place').map(
    ([at = '', way]): FirewallPlace => ({
      at,
      way: way === 'out' ? 'out' : 'in',
      interface: '',
    }),
  );
  const named = of('tool').toSorted(([, a = ''], [, b = '']) => (a < b ? -1 : 1))[0];
  const own = of('rule').flatMap(([at = '', words = '']): readonly PlacedRule[] => {
    const rule = ruleOf(words);
    return rule === null ? [] : [{ at, rule }];
  });
  if (named === undefined) {
    if (chains.length + own.length + others.length === 0) return null;
    const filters = chains.length + others.length > 0;
    return {
      tool: chains.length + own.length > 0 ? 'nftables' : null,
      active: filters,
      places: chains,
      rules: own,
      others,
    };
  }
  const [tool, how] = named as readonly [FirewallTool, string];
  if (tool !== 'firewalld') return { tool, active: how === 'active', places: chains, rules: own, others };
  const places = of('zone').map(
    ([name = '', at = '']): FirewallPlace => ({ at, way: 'in', interface: name }),
  );
  return { tool, active: how === 'active', places, rules: firewalldRules(of), others };
}

/** The permanent rules, without those that are not in force now in a zone that is in use. */
function firewalldRules(of: (kind: string) => Records): readonly PlacedRule[] {
  const runtime = new Map(
    of('runtime').map(([zone = '', services = '', rules = '']) => [
      zone,
      { services: strings(services), rules: strings(rules) },
    ]),
  );
  const ports = [...text(of('ports')).matchAll(/<port\b[^>]*\bport="(\d+)"/g)].map(([, port]) =>
    Number(port),
  );
  const permanent = of('permanent');
  return [...new Set(permanent.map(([at = '']) => at))].flatMap((at): readonly PlacedRule[] => {
    const now = runtime.get(at);
    const xml = text(permanent.flatMap(([zone, ...line]) => (zone === at ? [line] : [])));
    return zoneRules(xml, ports)
      .filter(
        (rule) =>
          now === undefined ||
          now.rules.includes(richRule(rule, 'plain')) ||
          (rule.kind === 'tcp'
            ? now.services.includes(firewallNames.nginx)
            : now.rules.includes(richRule(rule, 'named'))),
      )
      .map((rule) => ({ at, rule }));
  });
}

function zoneRules(xml: string, ports: readonly number[]): readonly InwardRule[] {
  const rich = /<rule\b[^>]*>[^]*?<\/rule>/g;
  const vrrp = (xml.match(rich) ?? []).flatMap((one): readonly InwardRule[] => {
    const [, from] = /<source address="([\d.]+)"\/>/.exec(one) ?? [];
    if (from === undefined || !one.includes(`"${firewallNames.vrrp}"`)) return [];
    return [
      { kind: 'vrrp', from, to: one.includes(`<destination address="${vrrpGroup}"/>`) ? vrrpGroup : null },
    ];
  });
  const open = xml.replaceAll(rich, '').includes(`<service name="${firewallNames.nginx}"/>`);
  return [...vrrp, ...(open ? ports.map((port) => ({ kind: 'tcp', port }) as const) : [])];
}

/** Of a file that was printed in lines. */
const text = (lines: Records): string => lines.map((fields) => fields.join('\t')).join('\n');

/** The strings in an answer of busctl: `as 2 "one" "say \"two\""`. */
const strings = (said: string): readonly string[] =>
  [...said.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, one = '']) => one.replaceAll(/\\(.)/g, '$1'));
