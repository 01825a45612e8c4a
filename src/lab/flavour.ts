/** The package system of a lab host. */

import { HaupError } from '../model/errors.ts';

/** `apt`: apt-get over Debian's packages. `yum`: dnf, and yum as its other name, over RPM packages. */
export type Flavour = 'apt' | 'yum';
export const flavours: readonly Flavour[] = ['apt', 'yum'];

/**
 * The flavour of each host, by its name.
 * @param given from the command line: `yum` for all hosts, `keep_137=yum` for one, which wins
 * @param before flavours of existing hosts, which keep them unless `given` says otherwise
 */
export function flavoursOf(
  given: readonly string[],
  hosts: readonly string[],
  before: ReadonlyMap<string, Flavour>,
): ReadonlyMap<string, Flavour> {
  const named = new Map<string, Flavour>();
  let all: Flavour | null = null;
  for (const word of given) {
    // Host names have no =.
    const [, host, name = ''] = /^(?:([^=]*)=)?(.*)$/.exec(word) ?? [];
    const flavour = flavours.find((one) => one === name);
    if (flavour === undefined) {
      throw new HaupError('USAGE', `A lab has no flavour ${JSON.stringify(name)}.`, {
        hint: `Use ${flavours.join(' or ')} for all hosts, or HOST=${flavours.join(' or HOST=')} for one.`,
      });
    }
    if (host === undefined) all = flavour;
    else if (hosts.includes(host)) named.set(host, flavour);
    else {
      throw new HaupError(
        'USAGE',
        `--flavour names ${JSON.stringify(host)}, which is no host of the inventory.`,
        {
          hint: `It has ${hosts.join(', ')}.`,
        },
      );
    }
  }
  return new Map(hosts.map((host) => [host, named.get(host) ?? all ?? before.get(host) ?? 'apt']));
}
