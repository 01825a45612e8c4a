/** The repeats of each drill, summed up: a table of the HTML report. Pure. */

import type { VerifyReport } from '../model/report.ts';
import { html, type Markup, nothing } from './html-markup.ts';
import { figureRows, runsText } from './repeats-text.ts';

/** Each drill that ran more than once. */
export function repeatsTable({ vips }: VerifyReport): Markup {
  const all = vips.flatMap(({ address, repeats = [] }) => repeats.map((summary) => ({ address, summary })));
  if (all.length === 0) return nothing;
  const rows = all.flatMap(({ address, summary }) => {
    const figures = figureRows(summary);
    return figures.map(
      ({ name, median, worst, spread }, index) => html`<tr>
${index > 0 ? nothing : html`<th scope="rowgroup" rowspan="${figures.length}">${address} ${summary.drill}<br><span class="quiet">${runsText(summary)}</span></th>`}
<td>${name}</td><td class="number">${median}</td><td class="number">${worst}</td><td class="number">${spread}</td>
</tr>`,
    );
  });
  return html`<h3>Repeats</h3>
<p class="note">The spread goes from the best run to the worst.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Repeats"><table>
<thead><tr><th scope="col">Drill</th><th scope="col">Figure</th><th scope="col" class="number">Median</th><th scope="col" class="number">Worst</th><th scope="col" class="number">Spread</th></tr></thead>
<tbody>${rows}</tbody></table></div>`;
}
