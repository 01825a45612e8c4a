/** What firewall-script.ts prints, read. */

import {
  type FirewallFacts,
  firewallNames,
  type FirewallPlace,
  type InwardRule,
  type FirewallTool,
  type PlacedRule,
  richRule,
  ruleOf,
  vrrpGroup,
} from '../model/firewall-rules.ts';

type Records = readonly (readonly string[])[];

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

/** What is written down, and is at runtime too where the zone is in use. */
function firewalldRules(of: (kind: string) => Records): readonly PlacedRule[] {
  const runtime = new Map(
    of('runtime').map(([zone = '', services = '', rules = '']) => [
      zone,
      { services: strings(services), rules: strings(rules) },
    ]),
  );
  const ports = of('ports').flatMap(([xml = '']) =>
    [...text(xml).matchAll(/<port\b[^>]*\bport="(\d+)"/g)].map(([, port]) => Number(port)),
  );
  return of('permanent').flatMap(([at = '', xml = '']): readonly PlacedRule[] => {
    const now = runtime.get(at);
    return zoneRules(text(xml), ports)
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

const text = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');

/** The strings in an answer of busctl: `as 2 "one" "say \"two\""`. */
const strings = (base64: string): readonly string[] =>
  [...text(base64).matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, one = '']) => one.replaceAll(/\\(.)/g, '$1'));
