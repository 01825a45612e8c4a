/** Rules of haup's own in a firewall, as sh. None of these ever stops or reloads a firewall, or touches another rule. */

import {
  type FirewallTool,
  nftRules,
  nftScript,
  nftUnit,
  type PlacedRule,
  ruleWords,
} from '../../model/firewall-rules.ts';
import type { Action } from '../../model/action.ts';
import type { RemoteJob } from '../remote-job.ts';
import { firewalld } from './firewalld.ts';
import { quote } from '../../base/quote.ts';
import { ufw } from './ufw.ts';

export function setFirewall({ tool, rules }: Extract<Action, { readonly do: 'firewall' }>): RemoteJob {
  const scripts: Readonly<Record<FirewallTool, () => string>> = {
    firewalld: () => firewalld(rules),
    ufw: () => ufw(rules),
    nftables: () => nftables(rules),
  };
  return {
    script: `set -e\n${scripts[tool]()}`,
    timeoutMs: 2 * 60_000,
    failure: 'COMMAND_FAILED',
    what: `${rules.length > 0 ? 'opening' : 'closing'} ${tool}`,
  };
}

const wordsOf = (rules: readonly PlacedRule[]): readonly string[] => [
  ...new Set(rules.map(({ rule }) => ruleWords(rule))),
];

/** The script that was put there finds the chains, and its unit runs it again when nftables loads its rules. */
function nftables(rules: readonly PlacedRule[]): string {
  if (rules.length === 0) {
    return `rm -f ${nftRules}
if [ -x ${nftScript} ] && command -v nft >/dev/null; then ${nftScript}; fi
if [ -e /etc/systemd/system/${nftUnit} ]; then systemctl disable --now ${nftUnit} 2>/dev/null; fi`;
  }
  // By what the script sets, a later plan knows that the unit was there before it.
  return `printf '%s\\n' ${wordsOf(rules).map(quote).join(' ')} > ${nftRules}.new
mv -f ${nftRules}.new ${nftRules}
systemctl enable ${nftUnit} 2>/dev/null
systemctl start ${nftUnit} || { ${nftScript}; exit 1; }
${nftScript}`;
}
