/** Gathers what the HTML report shows, and makes the page. Loaded with --report only. */

import { script, style } from 'haup:report-page';
import type { Views } from '../cluster/ability.ts';
import { assumedFacts } from '../desired/assume.ts';
import { desire } from '../desired/desire.ts';
import { loadRender } from '../desired/load-render.ts';
import { shownText } from '../desired/shown-text.ts';
import { quote } from '../base/quote.ts';
import type { Inventory } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { DocumentHost, ShownFile, VerifyDocument } from '../model/verify-document.ts';
import { verifyPage } from '../report/html-page.ts';
import type { Context } from './command-context.ts';
import type { VerifiedRun } from './verified-run.ts';

export async function reportPageText(context: Context, run: VerifiedRun, startedAt: string): Promise<string> {
  const { inventory, views, report } = run;
  const document: VerifyDocument = {
    report: { ...report, startedAt },
    startedAt,
    operator: context.operator,
    inventory: inventory.file,
    tools: [`haup ${context.haupVersion}`, `Node ${context.nodeVersion}`, context.platform],
    hosts: inventory.hosts.map(({ name, address }) => documentHost(name, address, views)),
    vips: inventory.vips.map(({ address, virtualRouterId, advertInt, members }) => ({
      address: address.address,
      virtualRouterId,
      advertInt,
      members: members.map(({ host, priority }) => ({ host, priority })),
    })),
    configurations: await configurations(inventory, views),
    command: commandLine(inventory, run.options),
  };
  return verifyPage(document, { script, style });
}

function documentHost(name: string, address: string, views: Views): DocumentHost {
  const facts = views.get(name)?.facts ?? null;
  return {
    name,
    address,
    system: facts?.os.name ?? null,
    arch: facts?.arch ?? null,
    keepalived: facts?.software.keepalived?.version ?? null,
    nginx: facts?.software.nginx?.version ?? null,
  };
}

/** What haup renders for these hosts. The status of hosts does not tell of packages, so that is assumed as by `render`. */
async function configurations(inventory: Inventory, views: Views): Promise<readonly ShownFile[]> {
  const facts = new Map(
    [...assumedFacts(inventory)].map(([name, assumed]) => {
      const have = views.get(name)?.facts ?? null;
      return [
        name,
        have === null
          ? assumed
          : {
              ...assumed,
              interfaces: have.interfaces,
              os: have.os,
              packageManager: have.packageManager,
            },
      ] as const;
    }),
  );
  try {
    return desire(inventory, facts, await loadRender()).flatMap(({ host, resources }) =>
      resources.flatMap((one) =>
        one.kind === 'config'
          ? one.set.files.map((file) => ({ host, path: file.path, text: shownText(file) }))
          : [],
      ),
    );
  } catch (error) {
    // The hosts have been drilled: a report without their files is better than none.
    if (!(error instanceof HaupError)) throw error;
    return [{ host: error.host ?? '', path: 'not rendered', text: error.message }];
  }
}

function commandLine(
  inventory: Inventory,
  { vip, drill, limit, count, hold }: VerifiedRun['options'],
): string {
  return [
    'haup verify',
    quote(inventory.file),
    ...(vip === undefined ? [] : ['--vip', quote(vip)]),
    ...(limit === undefined ? [] : ['--limit', quote(limit)]),
    ...(drill === undefined ? [] : ['--drill', quote(drill.join(','))]),
    ...(count === undefined ? [] : ['--count', quote(count)]),
    ...(hold === undefined ? [] : ['--hold', quote(hold)]),
    '--yes',
  ].join(' ');
}
