import type { FactsRequest, HostFacts } from '../model/facts.ts';
import type { Host } from '../model/host.ts';
import { factsScript, parseFacts } from './script.ts';

/** All facts of a host in one round trip. */
export async function gather(host: Host, request: FactsRequest, signal: AbortSignal): Promise<HostFacts> {
  return parseFacts(host.name, await host.read(factsScript(request), signal));
}
