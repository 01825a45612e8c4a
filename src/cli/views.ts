import { statusRequest } from '../desired/request.ts';
import { gather } from '../facts/gather.ts';
import type { HostView, OwnAnswer, Views } from '../judge/ability.ts';
import type { HostName, Inventory } from '../model/domain.ts';
import type { Host, ReadScript } from '../model/host.ts';
import { askScript, readAnswers } from '../verify/ask-host.ts';

/** Facts of every host that is connected, and what its nginx says when the host itself asks. */
export async function viewHosts(
  inventory: Inventory,
  hosts: ReadonlyMap<HostName, Host>,
  signal: AbortSignal,
): Promise<Views> {
  return new Map(
    await Promise.all(
      inventory.hosts.map(async ({ name }): Promise<readonly [HostName, HostView]> => {
        const host = hosts.get(name);
        if (host === undefined)
          return [name, { facts: null, http: { address: null, host: null, error: null } }];
        const [facts, http] = await Promise.all([
          gather(host, statusRequest(inventory), signal),
          askNginx(inventory, host, signal),
        ]);
        return [name, { facts, http }];
      }),
    ),
  );
}

async function askNginx({ nginx }: Inventory, host: Host, signal: AbortSignal): Promise<OwnAnswer> {
  const address = `127.0.0.1:${nginx.healthPort}`;
  const said = await host.read(askScript(nginx.healthPort, []) as ReadScript, signal);
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
        ? "haup's own server is not there: haup plan shows what is to be done"
        : 'no answer';
  return { address, host: null, error };
}
