/** `haup verify --report`: one file of HTML that needs nothing else, and asks for nothing. Pure. */

import { createHash } from 'node:crypto';
import type { VerifyDocument } from '../model/verify-document.ts';
import { printableData } from '../base/printable.ts';
import { clusterSection, commandSection, configurationSection } from './html-cluster.ts';
import { drillSection } from './html-drill.ts';
import { html, type Markup, sourceOf, trusted } from './html-markup.ts';
import { repeatsTable } from './html-repeats.ts';
import { figuresTable, hostMark, summary, verdictOf } from './html-summary.ts';

/** What runs in the page and how it looks. */
export interface PageAssets {
  readonly script: string;
  readonly style: string;
}

export function verifyPage(given: VerifyDocument, { script, style }: PageAssets): string {
  // A file is shown as it is, line by line; all else is single lines.
  const document = { ...printableData(given), configurations: given.configurations };
  const { report, startedAt, inventory, operator } = document;
  const hosts = document.hosts.map(({ name }) => name);
  const drills = report.vips.flatMap((vip) => vip.drills.map((drill) => ({ vip, drill })));
  const date = `${startedAt.slice(0, 10)} ${startedAt.slice(11, 16)} UTC`;
  const verdict = verdictOf(report);
  const body = html`<header>
<p class="kicker"><span class="brand">haup verify</span> <span>${inventory}</span> <time datetime="${startedAt}">${date}</time></p>
<h1><span class="sign ${report.ok ? 'ok' : 'bad'}" aria-hidden="true">${report.ok ? '✓' : '✗'}</span> ${verdict}</h1>
${summary(report)}
</header>
<main>
<section id="outages">
<h2>Outage against bound</h2>
<p class="note">Each dot is the longest time without an answer in one drill. The bar is the outage that VRRP’s timers allow; the hatched part is what a measurement may add.</p>
<div class="plot"></div><p class="readout"></p>
${figuresTable(report, hosts)}
${repeatsTable(report)}
</section>
<section>
<h2>Drills</h2>
<p class="legend">${hosts.map((host) => html`${hostMark(host, hosts)} `)}${keys.map(([name, meaning]) => html`<span class="entry"><span class="key key-${name}"></span>${meaning}</span> `)}</p>
${drills.map(({ vip, drill }, index) => drillSection(vip, drill, index + 1, hosts))}
</section>
${clusterSection(document, hosts)}
${commandSection(document)}
${configurationSection(document)}
</main>
<footer><p>${document.tools.join(' · ')} · run by ${operator}. Times count from the fault. Lost: what a client that does not retry loses.</p><p>Charts: uPlot, © Leon Sorokin, MIT licence.</p></footer>`;
  const data = jsonForScript({ report, hosts });
  return sourceOf(
    frame(`${report.ok ? '✓' : '✗'} haup verify ${inventory} ${date}`, body, { script, style, data }),
  );
}

/** What else the charts draw: class of its mark, meaning. */
const keys: readonly (readonly [string, string])[] = [
  ['lost', 'request lost'],
  ['bound', 'outage allowed'],
  ['allowance', 'allowance'],
  ['outage', 'outage measured'],
  ['times', 'time to answer'],
];

/**
 * Nothing is fetched, framed, sent or run but what is in the file: the digests name it, so that not even a value that
 * slipped through unescaped would run.
 */
function policy({ script, style }: PageAssets): string {
  const digest = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  return `default-src 'none'; script-src ${digest(script)}; style-src ${digest(style)}; base-uri 'none'; form-action 'none'`;
}

function frame(
  title: string,
  body: Markup,
  { data, ...assets }: PageAssets & { readonly data: string },
): Markup {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(assets)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${trusted(assets.style)}</style>
</head>
<body>
${body}
<script type="application/json" id="data">${trusted(data)}</script>
<script>${trusted(assets.script)}</script>
</body>
</html>
`;
}

/** JSON in which nothing can end the element around it. */
const jsonForScript = (data: unknown): string =>
  JSON.stringify(data).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
