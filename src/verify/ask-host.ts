/** Questions that a host asks by itself: sh text, and what its lines say. */

import type { Vip } from '../model/domain.ts';
import { isNamed, type Probe, probeHeader, probePath } from '../model/probe.ts';

/** A VIP and how it is asked. */
export interface Asked {
  readonly vip: Vip;
  readonly probe: Probe;
}

/**
 * sh that prints a line for each answer: `own NAME` of nginx on this host, `answer VIP NAME` where the answer says
 * who gave it, `connected VIP` where it cannot, `missing PROGRAM` for what it could not ask with.
 * Ports, addresses and names come from the inventory: letters, digits, dots, hyphens and colons only.
 */
export function askScript(healthPort: number, vips: readonly Asked[]): string {
  const programs = vips.every(({ probe }) => byCurl(probe)) ? 'curl' : 'curl bash';
  const asked = vips.map(({ vip, probe }) => askVip(vip.address.address, probe));
  return `for p in ${programs}; do command -v $p >/dev/null || printf 'missing\\t%s\\n' $p; done
ask() { curl --disable --noproxy '*' --insecure -s -o /dev/null -m 1 -D - "$@"; }
named() { tr -d '\\r' | sed -n 's/^${probeHeader}: //Ip'; }
head=$(ask http://127.0.0.1:${healthPort}${probePath}); r=$?
printf 'own\\t%s\\t%s\\n' $r "$(printf '%s\\n' "$head" | named)"
${asked.join('\n')}
`;
}

/** Every curl can ask for it, and the answer has a name. */
const byCurl = (probe: Probe): boolean => isNamed(probe) && !probe.proxy;

function askVip(address: string, probe: Probe): string {
  const { kind, port, name } = probe;
  if (byCurl(probe)) {
    const url = `${kind}://${name ?? address}:${port}${probePath}`;
    const to = name === null ? '' : `--resolve ${name}:${port}:${address} `;
    return `printf 'answer\\t${address}\\t%s\\n' "$(ask ${to}${url} | named)"`;
  }
  return `timeout 1 bash -c ': </dev/tcp/${address}/${port}' 2>/dev/null && printf 'connected\\t${address}\\n'`;
}

export interface HostAnswers {
  readonly own: OwnAnswer;
  /** VIP → name of the host that answered; null: somebody did, who could not say his name. */
  readonly answers: ReadonlyMap<string, string | null>;
  /** Programs that the host lacks, and could not ask with. */
  readonly missing: readonly string[];
}

/** What haup's own server in nginx said. */
export type OwnAnswer =
  | { readonly kind: 'name'; readonly name: string }
  /** Nothing listens there: nginx runs with a configuration that does not have it. */
  | { readonly kind: 'absent' }
  /** It took the request, and gave no answer; or another answered. */
  | { readonly kind: 'silent' };

/** `records`: lines of tab-separated fields, what is not of `askScript` among them. */
export function readAnswers(records: readonly (readonly string[])[]): HostAnswers {
  const of = (kind: string): readonly (readonly string[])[] =>
    records.filter(([first]) => first === kind).map((record) => record.slice(1));
  // 7: refused.
  const [code, name = ''] = of('own')[0] ?? ['7'];
  return {
    own: name !== '' ? { kind: 'name', name } : { kind: code === '7' ? 'absent' : 'silent' },
    answers: new Map([
      ...of('answer').flatMap(([vip = '', by = '']) => (by === '' ? [] : [[vip, by] as const])),
      ...of('connected').map(([vip = '']) => [vip, null] as const),
    ]),
    missing: of('missing').map(([program = '']) => program),
  };
}
