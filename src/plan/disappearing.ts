/** What an apply makes disappear from a host that serves: VIPs, sites, daemons, the files that they read. Pure. */

import type { DesiredHost } from '../model/desired.ts';
import type { HostFacts } from '../model/facts.ts';
import { holdsAddress } from '../cluster/cluster-state.ts';
import type { Disappearing, RunningDaemon } from '../model/running.ts';
import { HaupError } from '../model/errors.ts';
import type { Plan } from '../model/plan.ts';
import type { HostDiff } from './diff-host.ts';
import { runningWhole, vipsIn, virtualServersIn } from './running-vrrp.ts';
import { isOurs, sitesOf } from './stranger-daemons.ts';

export function disappearing(
  diff: Pick<HostDiff, 'change'>,
  taken: readonly RunningDaemon[],
  want: DesiredHost,
  have: HostFacts,
  /** Of the inventory's VIPs. */
  addresses: ReadonlySet<string>,
): readonly Disappearing[] {
  const read = new Set(
    want.resources.flatMap((one) => (one.kind === 'config' ? one.set.files.map(({ path }) => path) : [])),
  );
  return (have.running ?? []).flatMap((daemon): readonly Disappearing[] => {
    const ours = isOurs(have, daemon);
    const changes = diff.change.some(({ service }) => service === daemon.service);
    if (ours ? !changes : !taken.includes(daemon)) return [];
    const gone = (kind: Disappearing['kind'], what: string): Disappearing => ({
      host: have.host,
      kind,
      what,
      ours,
    });
    const vips = daemon.service === 'keepalived' ? vipsGone(daemon, have, addresses) : [];
    if (ours) return vips.map((what) => gone('vip', what));
    const whole = runningWhole(have, daemon) ?? '';
    return [
      ...vips.map((what) => gone('vip', what)),
      ...(daemon.service === 'keepalived' ? virtualServersIn(whole) : []).map((what) =>
        gone('site', `virtual_server ${what} (${daemon.entry})`),
      ),
      ...(daemon.service === 'nginx' ? sitesOf(daemon, have) : [])
        .filter(({ path }) => path === daemon.entry || !read.has(path))
        .map(({ names, listens, path }) =>
          gone('site', `${names} on ${listens.join(', ') || '80'} (${path})`),
        ),
      gone('daemon', `${daemon.program} of ${daemon.unit ?? 'no unit'}, which reads ${daemon.entry}`),
      ...daemon.files
        .filter((path) => path !== daemon.entry && !read.has(path))
        .map((path) => gone('file', `${path} is no longer read`)),
    ];
  });
}

function vipsGone(daemon: RunningDaemon, have: HostFacts, addresses: ReadonlySet<string>): readonly string[] {
  return vipsIn(runningWhole(have, daemon) ?? '')
    .filter(({ address }) => !addresses.has(address))
    .map(({ address, instance, virtualRouterId }) => {
      const held = holdsAddress(have, address) ? ', which the host holds now' : '';
      return `${address} (${instance}, VRID ${virtualRouterId})${held}`;
    });
}

/** What haup did not put there. */
export const othersOf = ({ disappearing: gone = [] }: Pick<Plan, 'disappearing'>): readonly Disappearing[] =>
  gone.filter(({ ours }) => !ours);

/** Throws TAKE_OVER_NEEDED when the plan ends what haup did not put on the hosts. */
export function refuseTakeOver(plan: Pick<Plan, 'disappearing'>): void {
  const others = othersOf(plan);
  if (others.length === 0) return;
  throw new HaupError(
    'TAKE_OVER_NEEDED',
    'The hosts serve with daemons that haup did not install, and this plan would stop them.',
    {
      hint: 'Look at what disappears (haup plan); to go on, add --take-over. haup rollback brings it back. Nothing was changed.',
      detail: others
        .filter(({ kind }) => kind !== 'file')
        .map(({ host, kind, what }) => `${host}: ${kind} ${what}`),
    },
  );
}
