/** Questions that a host asks itself: sh text, and what its lines say. */

import type { HostName } from '../model/domain.ts';
import { isNamed, type Probe, probeHeader, probePath } from '../nginx/probe.ts';

/** A VIP, who may have it, and how it is asked: as it is to be first, then as it was. */
export interface VipQuestion {
  readonly address: string;
  readonly hosts: readonly HostName[];
  readonly probes: readonly [Probe, ...Probe[]];
}

/** What templates/scripts/ask-nginx.sh is given to ask by. */
export const askArguments = (healthPort: number, asked: readonly VipQuestion[]) => ({
  health_port: healthPort,
  probe_path: probePath,
  probe_header: probeHeader,
  programs: asked.every(({ probes }) => probes.every(byCurl)) ? ['curl'] : ['curl', 'bash'],
  questions: asked.flatMap(({ address, probes }) =>
    probes.map((probe, way) => questionText(address, probe, way)),
  ),
});

/** Every curl can ask for it, and the answer has a name. */
const byCurl = (probe: Probe): boolean => isNamed(probe) && !probe.proxy;

const questionText = (address: string, probe: Probe, way: number): string =>
  byCurl(probe)
    ? `answer ${address} ${way} ${probe.port} ${probe.kind} ${probe.name ?? '-'}`
    : `connect ${address} ${way} ${probe.port}`;

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
