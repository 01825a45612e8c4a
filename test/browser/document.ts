/** A verify run in memory, by the drills themselves, as the HTML report gets it. */

import { runDrill } from '../../src/drill/drills.ts';
import { repeatsOf } from '../../src/drill/repeats.ts';
import type { DrillReport } from '../../src/model/report.ts';
import type { VerifyDocument } from '../../src/model/verify-document.ts';
import { fakeEnvironment, pair, type Trouble, vrrp } from '../fakes/drill-environment.ts';

const never = new AbortController().signal;

async function drilled(drill: 'stop' | 'drain', trouble: Trouble): Promise<DrillReport> {
  const environment = fakeEnvironment(pair, vrrp, trouble);
  const [from, to] = pair[0].members;
  return runDrill(
    { drill, fault: { kind: drill }, vip: pair[0], vrrp, from, to, beside: [], tag: 't' },
    environment,
    never,
  );
}

/** Two repeats of one drill, one of another that cuts requests, and one that fails. */
export async function exampleDocument(): Promise<VerifyDocument> {
  const drills = [
    await drilled('stop', {}),
    await drilled('stop', { slowTakeover: 40, cutFailback: 5 }),
    await drilled('drain', {}),
    await drilled('stop', { slowTakeover: 900 }),
  ];
  return documentOf(drills);
}

export function documentOf(
  drills: readonly DrillReport[],
  changes: Partial<VerifyDocument> = {},
): VerifyDocument {
  const hosts = pair[0].members.map(({ host }) => host);
  return {
    report: {
      version: 1,
      ok: drills.every(({ ok }) => ok),
      vips: [
        { address: pair[0].address.address, asked: 'HTTP on port 80', drills, repeats: repeatsOf(drills, 3) },
      ],
    },
    startedAt: '2026-11-29T13:00:00.000Z',
    operator: 'ana@workstation',
    inventory: 'inventory.yaml',
    tools: ['haup 0.1.0', 'Node v20.19.0'],
    hosts: hosts.map((name, index) => ({
      name,
      address: `192.168.160.${136 + index}`,
      system: 'Debian GNU/Linux 12 (bookworm)',
      arch: 'x86_64',
      keepalived: '2.2.7',
      nginx: '1.22.1',
    })),
    vips: pair.map(({ address, virtualRouterId, advertInt, members }) => ({
      address: address.address,
      virtualRouterId,
      advertInt,
      members: members.map(({ host, priority }) => ({ host, priority })),
    })),
    configurations: hosts.map((host) => ({
      host,
      path: '/etc/keepalived/keepalived.conf',
      text: 'vrrp_instance VI_1 {\n\tauthentication {\n\t\tauth_pass ***\n\t}\n}\n',
    })),
    command: 'haup verify inventory.yaml --drill stop drain --yes',
    ...changes,
  };
}
