/** What was verified: hosts, VIPs, versions, configurations, and the commands that do it again. Pure. */

import type { VerifyDocument } from '../model/verify-document.ts';
import { quote } from '../base/quote.ts';
import { printable } from '../base/printable.ts';
import { wasDone } from './drill-words.ts';
import { html, type Markup, nothing } from './html-markup.ts';
import { hostMark } from './html-summary.ts';

export function clusterSection({ hosts, vips }: VerifyDocument, names: readonly string[]): Markup {
  const priority = (vip: VerifyDocument['vips'][number], host: string): Markup => {
    const index = vip.members.findIndex((member) => member.host === host);
    const member = vip.members[index];
    if (member === undefined) return html`<td class="quiet">–</td>`;
    return html`<td>${index === 0 ? html`<strong>master</strong>` : `backup ${vip.members.length > 2 ? index : ''}`} <span class="quiet">${member.priority}</span></td>`;
  };
  return html`<section>
<h2>Topology and versions</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Topology and versions"><table>
<thead><tr><th scope="col">Host</th><th scope="col">Address</th>${vips.map((vip) => html`<th scope="col">VIP ${vip.address} <span class="quiet">VRID ${vip.virtualRouterId}, advert ${vip.advertInt} s</span></th>`)}<th scope="col">System</th><th scope="col">keepalived</th><th scope="col">nginx</th></tr></thead>
<tbody>${hosts.map(
    (host) =>
      html`<tr><th scope="row">${hostMark(host.name, names)}</th><td>${host.address}</td>${vips.map((vip) => priority(vip, host.name))}<td>${[host.system, host.arch].filter((word) => word !== null && word !== '').join(', ') || 'not known'}</td><td>${host.keepalived ?? 'not known'}</td><td>${host.nginx ?? 'not known'}</td></tr>`,
  )}</tbody></table></div>
<p class="note">The number beside each role is the VRRP priority: the highest that is heard holds the VIP.</p>
</section>`;
}

export function commandSection({ command, inventory, report }: VerifyDocument): Markup {
  const inventoryWord = quote(inventory);
  const each = report.vips.flatMap(({ address, drills }) =>
    [...new Map(drills.filter(wasDone).map((drill) => [drill.drill, drill])).values()].map((drill) => ({
      title: `${drill.drill} on ${address} alone`,
      commands: [
        `haup verify ${inventoryWord} --vip ${quote(address)} --drill ${quote(drill.drill)} --yes`,
        ...(byHand[drill.drill]?.(drill.from, inventoryWord) ?? []),
      ],
    })),
  );
  return html`<section>
<h2>Reproduce it</h2>
<p>The whole run:</p>
<pre tabindex="0"><code>${command}</code></pre>
${
  each.length === 0
    ? nothing
    : html`<details><summary>One drill alone, and by hand</summary>${each.map(
        ({ title, commands }) =>
          html`<p>${title}:</p><pre tabindex="0"><code>${commands.join('\n')}</code></pre>`,
      )}</details>`
}
</section>`;
}

/** The same fault and its end without a drill. */
const byHand: Readonly<Record<string, (host: string, inventory: string) => readonly string[]>> = {
  stop: (host, inventory) => [
    '',
    '# by hand, one after the other:',
    `haup failover ${quote(host)} ${inventory} --mode stop`,
    `haup failback ${quote(host)} ${inventory}`,
  ],
  drain: (host, inventory) => [
    '',
    '# by hand, one after the other:',
    `haup failover ${quote(host)} ${inventory}`,
    `haup failback ${quote(host)} ${inventory}`,
  ],
};

export function configurationSection({ configurations }: VerifyDocument): Markup {
  const hosts = [...new Set(configurations.map(({ host }) => host))];
  if (hosts.length === 0) return nothing;
  const files = (host: string): readonly Markup[] =>
    configurations
      .filter((file) => file.host === host)
      .map(
        ({ path, text }) =>
          html`<details><summary><code>${printable(path)}</code></summary><pre tabindex="0"><code>${printable(text)}</code></pre></details>`,
      );
  return html`<section>
<h2>Configurations</h2>
<p class="note">As haup renders them from the inventory; secrets are masked.</p>
${hosts.map((host) => html`<details class="host-files"><summary>${printable(host)}</summary>${files(host)}</details>`)}
</section>`;
}
