/** What a host hears on its segments when it asks and listens for a moment. */

import type { HostName } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { Advert, Claim, WireFacts } from '../model/facts.ts';
import type { ReadScript } from '../model/host.ts';
import { hostScript } from '../base/host-script.ts';

export interface WireRequest {
  /** Addresses to ask for, each on an interface. */
  readonly ask: readonly { readonly address: string; readonly interface: string }[];
  /** Interfaces to hear adverts on. */
  readonly hear: readonly string[];
  /** How long to listen. */
  readonly seconds: number;
}

export const wireScript = ({ ask, hear, seconds }: WireRequest): ReadScript =>
  hostScript('wire', {
    ask: ask.map(({ address, interface: name }) => `${address}/${name}`),
    hear,
    seconds,
  }) as ReadScript;

/** Parses what wire.sh prints. Throws FACTS_UNREADABLE when it is cut off. */
export function parseWire(host: HostName, output: Uint8Array): WireFacts {
  const lines = Buffer.from(output).toString('utf8').split('\n');
  if (lines.at(-2) !== 'end') {
    throw new HaupError('FACTS_UNREADABLE', 'The host answered, but what it heard is cut off.', {
      host,
      hint: 'Run the command again; with --debug it shows what the host said.',
      detail: lines.slice(-5),
    });
  }
  const records = lines.map((line) => line.split('\t'));
  const adverts = records.flatMap(([kind, ...fields]): readonly Advert[] => {
    const [from = '', version, vrid, priority, vips = ''] = fields;
    if (kind !== 'advert') return [];
    const addresses = vips.split(',').filter((one) => one !== '');
    return [
      {
        from,
        version: Number(version),
        virtualRouterId: Number(vrid),
        priority: Number(priority),
        addresses,
      },
    ];
  });
  return {
    // The last advert of each sender for each VRID.
    adverts: [...new Map(adverts.map((one) => [`${one.from} ${one.virtualRouterId}`, one])).values()],
    claims: records.flatMap(([kind, address = '', name = '', mac = '']): readonly Claim[] =>
      kind === 'claim' ? [{ address, interface: name, mac }] : [],
    ),
    deaf: records.some(([kind]) => kind === 'deaf'),
  };
}
