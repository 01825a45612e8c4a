import { hostScript } from '../base/host-script.ts';
import { type Service, services } from '../model/domain.ts';
import type { ReadScript } from '../model/host.ts';
import { askArguments, type HostAnswers, readAnswers, type VipQuestion } from '../measure/ask-host.ts';

/** What a gate looks at, read from one host in one round trip. */
export interface HostSight {
  readonly held: readonly string[];
  /** It has given them up and still serves connections to them: what it asks there, it answers itself. */
  readonly kept: readonly string[];
  readonly active: readonly Service[];
  readonly drained: boolean;
  /** Its health check finds nothing wrong, or there is none. */
  readonly healthy: boolean;
  /** What this host was answered, by its own nginx and at the VIPs. */
  readonly asked: HostAnswers;
}

export const sightScript = (asked: readonly VipQuestion[], healthPort: number): ReadScript =>
  hostScript(['gate-sight', 'ask-nginx'], { services, ...askArguments(healthPort, asked) }) as ReadScript;

export function parseSight(output: Uint8Array): HostSight {
  const records = Buffer.from(output)
    .toString('utf8')
    .split('\n')
    .map((line) => line.split('\t'));
  const of = (kind: string): readonly string[][] =>
    records.filter(([k]) => k === kind).map((record) => record.slice(1));
  return {
    held: of('held').map(([address = '']) => address),
    kept: of('kept').map(([address = '']) => address),
    active: services.filter((service) => of('active').some(([name]) => name === service)),
    drained: records.some(([kind]) => kind === 'drained'),
    healthy: !records.some(([kind]) => kind === 'unwell'),
    asked: readAnswers(records),
  };
}
