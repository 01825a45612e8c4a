import { statusRequest } from '../desired/facts-request.ts';
import { gatherSome } from '../facts/gather.ts';
import type { HostView, ProbeAnswer, Views } from '../cluster/ability.ts';
import type { HostName, Inventory } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { FactsRequest } from '../model/facts.ts';
import type { Host, ReadScript } from '../model/host.ts';
import { keepalivedConf } from '../model/layout.ts';
import { hostScript } from '../base/host-script.ts';
import { askArguments, readAnswers } from '../measure/ask-host.ts';
import { lookAtWire } from './listen-on-wire.ts';

/** Facts of every host that answers, and what its nginx says when the host itself asks: one round trip. */
export async function viewHosts(
  inventory: Inventory,
  hosts: ReadonlyMap<HostName, Host>,
  signal: AbortSignal,
): Promise<{ readonly views: Views; readonly failures: ReadonlyMap<HostName, HaupError> }> {
  const [{ facts, failures }, answers] = await Promise.all([
    gatherSome(hosts, () => requestOf(inventory), signal),
    Promise.all(
      [...hosts].map(async ([name, host]) => [name, await askNginx(inventory, host, signal)] as const),
    ),
  ]);
  const asked = new Map(answers);
  const gathered = new Map(inventory.hosts.map(({ name }) => [name, facts.get(name) ?? null] as const));
  const heard = await lookAtWire(inventory, hosts, gathered, signal);
  const views = inventory.hosts.map(({ name }): readonly [HostName, HostView] => {
    const [have, http] = [heard.get(name) ?? null, asked.get(name)];
    return have === null || http === undefined
      ? [name, { facts: null, http: { address: null, host: null, error: null } }]
      : [name, { facts: have, http }];
  });
  return { views: new Map(views), failures };
}

/** What moves VIPs also needs what keepalived runs with: a host is drained through a file named there. */
const requestOf = (inventory: Inventory): FactsRequest => ({
  ...statusRequest(inventory),
  files: [keepalivedConf],
});

async function askNginx({ nginx }: Inventory, host: Host, signal: AbortSignal): Promise<ProbeAnswer> {
  const address = `127.0.0.1:${nginx.healthPort}`;
  const said = await host
    .read(hostScript('ask-nginx', askArguments(nginx.healthPort, [])) as ReadScript, signal)
    .catch((error: unknown) => {
      if (signal.aborted || !(error instanceof HaupError)) throw error;
      return error;
    });
  if (said instanceof HaupError) return { address, host: null, error: said.message };
  const { own, missing } = readAnswers(
    Buffer.from(said)
      .toString('utf8')
      .split('\n')
      .map((line) => line.split('\t')),
  );
  if (own.kind === 'name') return { address, host: own.name, error: null };
  const error =
    missing.length > 0
      ? `the host lacks ${missing.join(' and ')} to ask with`
      : own.kind === 'absent'
        ? "haup's own server is not there: haup plan shows what to do"
        : 'no answer';
  return { address, host: null, error };
}
