/** Questions that a host asks by itself: sh text, and what its lines say. */

import type { HostName } from '../model/domain.ts';
import { isNamed, type Probe, probeHeader, probePath } from '../nginx/probe.ts';

/** A VIP, who may have it, and how it is asked: as it is to be first, then as it was. */
export interface VipQuestion {
  readonly address: string;
  readonly hosts: readonly HostName[];
  readonly probes: readonly [Probe, ...Probe[]];
}

/**
 * sh that prints a line for each answer: `own STATUS NAME` of nginx on this host, `answer VIP WAY NAME` where the
 * answer says who gave it, `connected VIP WAY` where it cannot, `missing PROGRAM` for what it could not ask with.
 * Ports, addresses and names come from the inventory: letters, digits, dots, hyphens and underscores only.
 */
export function askScript(healthPort: number, asked: readonly VipQuestion[]): string {
  const all = asked.flatMap(({ probes }) => probes);
  const lines = asked.flatMap(({ address, probes }) =>
    probes.map((probe, way) => askVip(address, probe, way)),
  );
  return `for p in curl${all.every(byCurl) ? '' : ' bash'}; do command -v $p >/dev/null || printf 'missing\\t%s\\n' $p; done
ask() { curl --disable --noproxy '*' --insecure -s -o /dev/null -m 1 -D - "$@"; }
named() { tr -d '\\r' | sed -n 's/^${probeHeader}: //Ip'; }
head=$(ask http://127.0.0.1:${healthPort}${probePath}); r=$?
printf 'own\\t%s\\t%s\\n' $r "$(printf '%s\\n' "$head" | named)"
${lines.join('\n')}
`;
}

/** Every curl can ask for it, and the answer has a name. */
const byCurl = (probe: Probe): boolean => isNamed(probe) && !probe.proxy;

function askVip(address: string, probe: Probe, way: number): string {
  const { kind, port, name } = probe;
  if (byCurl(probe)) {
    const url = `${kind}://${name ?? address}:${port}${probePath}`;
    const to = name === null ? '' : `--resolve ${name}:${port}:${address} `;
    return `printf 'answer\\t${address}\\t${way}\\t%s\\n' "$(ask ${to}${url} | named)"`;
  }
  return `timeout 1 bash -c ': </dev/tcp/${address}/${port}' 2>/dev/null && printf 'connected\\t${address}\\t${way}\\n'`;
}

export interface HostAnswers {
  readonly own: OwnAnswer;
  /** Each answer that came. */
  readonly vips: readonly VipAnswer[];
  /** Programs that the host lacks, and could not ask with. */
  readonly missing: readonly string[];
}

interface VipAnswer {
  readonly address: string;
  /** The number of the probe. */
  readonly way: number;
  /** Null: such an answer has no name. */
  readonly by: HostName | null;
}

/** What haup's own server in nginx said. */
type OwnAnswer =
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
    vips: [
      ...of('answer').flatMap(([address = '', way, by = '']) =>
        by === '' ? [] : [{ address, way: Number(way), by }],
      ),
      ...of('connected').map(([address = '', way]) => ({ address, way: Number(way), by: null })),
    ],
    missing: of('missing').map(([program = '']) => program),
  };
}
