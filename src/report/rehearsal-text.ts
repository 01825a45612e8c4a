import { printableData } from '../base/printable.ts';
import type { HostComparison } from '../model/status-shape.ts';
import { table, wrap } from './columns.ts';
import type { Style } from './style.ts';
import { listed } from './words.ts';

/** How far the lab was like the real hosts. No newline at the end. */
export function rehearsalText(raw: readonly HostComparison[], style: Style, width: number): string {
  const hosts = printableData(raw);
  const rows = hosts.flatMap(({ host, differences }) =>
    differences.map(({ what, lab, real }) => [style.bold(host), what, lab ?? 'none', real ?? 'none']),
  );
  const names = (of: (one: HostComparison) => boolean): string =>
    listed(hosts.filter(of).map(({ host }) => host));
  const same = names(({ compared, differences }) => compared && differences.length === 0);
  const unknown = names(({ compared }) => !compared);
  return [
    ...(rows.length === 0 ? [] : table(['HOST', 'WHAT', 'IN THE LAB', 'REALLY'], rows, width, style.dim)),
    ...(same === '' ? [] : wrap(`Like the real host in system, kernel and versions: ${same}.`, width)),
    ...(unknown === ''
      ? []
      : wrap(`Not compared with the real host, which could not be reached: ${unknown}.`, width).map(
          style.yellow,
        )),
  ].join('\n');
}
