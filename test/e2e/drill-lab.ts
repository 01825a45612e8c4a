import { afterEach, expect } from 'vitest';
import { type DrillName, drillNames } from '../../src/model/fault.ts';
import type { DrillReport, VerifyReport } from '../../src/model/report.ts';
import { eventually, figure, onHost, type RunOptions } from './haup.ts';
import { type OwnLab, ownLab } from './own-lab.ts';
import { vipsHome } from './vips-home.ts';

/** A lab whose inventory allows every drill. After each test the VIPs are at home, and no drill has left anything. */
export interface DrillLab extends Pick<OwnLab, 'lab' | 'inLab' | 'inventory'> {
  /** The inventory. */
  readonly path: () => string;
  /** Runs one drill on `drilledVip`. */
  readonly drill: (
    path: string,
    name: DrillName,
    options?: RunOptions,
  ) => Promise<{ readonly code: number; readonly report: DrillReport }>;
}

/** Whose holder is keep_136. */
export const drilledVip = '192.168.160.161';

export function drillLab(name: string): DrillLab {
  const { lab, inLab, inventory } = ownLab(name);
  const path = (): string => inventory((it) => void (it['verify'] = { allow: drillNames }));
  afterEach(async () => {
    const written = path();
    await vipsHome(lab, written);
    await eventually('every VIP is home, as haup sees it', async () => {
      const { stdout } = await inLab(['status', written, '--json']);
      const { vips } = JSON.parse(stdout) as { vips: { holders: string[] }[] };
      return JSON.stringify(vips.map(({ holders }) => holders)) === '[["keep_136"],["keep_137"]]';
    });
    const left =
      "systemctl list-units --all --no-legend 'haup-drill-*'; ls /run/haup.drill* /etc/tmpfiles.d/* 2>/dev/null || true";
    expect(await onHost(lab, 'keep_136', left)).toBe('');
  });
  return {
    lab,
    inLab,
    inventory,
    path,
    drill: async (inventoryPath, drill, options) => {
      const args = ['verify', inventoryPath, '--yes', '--json', '--vip', drilledVip, '--drill', drill];
      const { code, stdout, stderr } = await inLab(args, options);
      const report = (JSON.parse(stdout === '' ? '{}' : stdout) as VerifyReport).vips?.[0]?.drills[0];
      if (report === undefined) throw new Error(`${drill} has no report.\n${stdout}${stderr}`);
      figure(
        `${drill}: outage ${report.outageMs} ms, bound ${report.boundMs} + ${report.allowanceMs} ms, detection ${report.detectionMs} ms, takeover ${report.takeoverMs} ms, lost ${report.lost} of ${report.total}; failback lost ${report.failback?.lost}, ${report.failback?.retried} of them retried; stalled ${report.stalledMs} ms`,
      );
      return { code, report };
    },
  };
}
