import type { VerifyReport } from '../model/report.ts';

/** A report whose requests are only counted: kilobytes instead of hundreds of them. */
export function withoutRequests(report: VerifyReport): VerifyReport {
  return {
    ...report,
    vips: report.vips.map((vip) => ({
      ...vip,
      drills: vip.drills.map(({ requests: _requests, ...drill }) => drill),
    })),
  };
}
