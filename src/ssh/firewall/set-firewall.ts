/** Rules of haup's own in a firewall. None of these ever stops or reloads a firewall, or touches another rule. */

import {
  firewallNames,
  type FirewallTool,
  isInward,
  nftRules,
  nftScript,
  nftUnit,
  type PlacedRule,
  richRule,
  ruleWords,
  ufwBlock,
  ufwProfile,
  ufwRules,
} from '../../model/firewall-rules.ts';
import type { Action } from '../../model/action.ts';
import { hostScript } from '../../base/host-script.ts';
import type { RemoteJob } from '../remote-job.ts';

export const setFirewall = ({ tool, rules }: Extract<Action, { readonly do: 'firewall' }>): RemoteJob => ({
  script: scripts[tool](rules),
  timeoutMs: 2 * 60_000,
  failure: 'COMMAND_FAILED',
  what: `${rules.length > 0 ? 'opening' : 'closing'} ${tool}`,
});

const scripts: Readonly<Record<FirewallTool, (rules: readonly PlacedRule[]) => string>> = {
  firewalld,
  ufw,
  nftables,
};

const portsOf = (rules: readonly PlacedRule[]): readonly number[] => [
  ...new Set(rules.flatMap(({ rule }) => (rule.kind === 'tcp' ? [rule.port] : []))),
];

function firewalld(placed: readonly PlacedRule[]): string {
  const rules = placed.flatMap(({ at, rule }) => (isInward(rule) ? [{ at, rule }] : []));
  return hostScript('set-firewalld', {
    zones: [...new Set(rules.map(({ at }) => at))],
    ports: portsOf(rules).map((port) => `${port}/tcp`),
    named_rules: rules.flatMap(({ at, rule }) =>
      rule.kind === 'vrrp' ? [`${at} ${richRule(rule, 'named')}`] : [],
    ),
    plain_rules: rules.map(({ at, rule }) => `${at} ${richRule(rule, 'plain')}`),
    vrrp: firewallNames.vrrp,
    nginx: firewallNames.nginx,
  });
}

function ufw(rules: readonly PlacedRule[]): string {
  const [incoming, outgoing] = ['ufw-before-input', 'ufw-before-output'];
  return hostScript('set-ufw', {
    own: rules.flatMap(({ at, rule }) =>
      rule.kind === 'tcp' ? [] : [`${at === 'outgoing' ? outgoing : incoming} ${ruleWords(rule)}`],
    ),
    ports: portsOf(rules).map(String),
    open: rules.length > 0 ? 'yes' : '',
    incoming,
    outgoing,
    ufw_rules: ufwRules,
    ufw_profile: ufwProfile,
    application: firewallNames.nginx,
    block_begin: ufwBlock.begin,
    block_end: ufwBlock.end,
  });
}

function nftables(rules: readonly PlacedRule[]): string {
  return hostScript('set-nftables', {
    rules: [...new Set(rules.map(({ rule }) => ruleWords(rule)))],
    nft_rules: nftRules,
    nft_script: nftScript,
    nft_unit: nftUnit,
  });
}
