import type { Service } from '../model/domain.ts';
import type { FileFact, HostRecord } from '../model/facts.ts';
import type { Records } from './read-answer.ts';

/**
 * What a host records about haup. A file that was only intended counts when it is there as it was intended.
 * @param records kind and thing, @param intents path and digest
 */
export function parseRecord(
  records: Records,
  intents: Records = [],
  found: Readonly<Record<string, FileFact>> = {},
): HostRecord {
  const of = (kind: string): readonly string[] => [
    ...new Set(records.flatMap(([k, thing = '']) => (k === kind && thing !== '' ? [thing] : []))),
  ];
  const finished = intents.flatMap(([path = '', digest]) => {
    const fact = found[path];
    return fact?.state === 'present' && fact.sha256 === digest ? [path] : [];
  });
  return {
    files: [...new Set([...of('files'), ...finished])],
    users: of('users'),
    packages: of('packages'),
    builds: of('builds').flatMap((name) => {
      const [, service, prefix = ''] = /^(keepalived|nginx)(%.*)$/.exec(name) ?? [];
      return service === undefined
        ? []
        : [{ service: service as Service, prefix: prefix.replaceAll('%', '/') }];
    }),
    units: of('units').flatMap((line) => {
      const [service = '', unit = '', enabled] = line.split(' ');
      return service === 'keepalived' || service === 'nginx'
        ? [{ service, unit, enabled: enabled === 'enabled' }]
        : [];
    }),
    services: Object.fromEntries(
      of('services').map((line) => {
        const [service = '', active, enabled] = line.split(' ');
        return [service, { active: active === 'active', enabled: enabled === 'enabled' }];
      }),
    ),
  };
}
