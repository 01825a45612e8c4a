/** What a host remembers of haup, read from it: sh that prints it, and the parser. */

import type { Service } from '../model/domain.ts';
import type { HostRecord } from '../model/facts.ts';
import { installedList, recordDirectory, type RecordKind, userMark } from '../model/layout.ts';

const kinds: readonly RecordKind[] = ['files', 'users', 'packages', 'services', 'units'];
const intents = `${recordDirectory}/intents`;
const lists = installedList('nginx', '').replace(/nginx$/, '');

/** Prints `record`, the kind, and one thing, separated by tabs; of what was only meant to be made, what is there and haup's. */
export const recordScript: string = `for f in ${kinds.map((kind) => `${recordDirectory}/${kind}`).join(' ')}; do
  [ -f "$f" ] && while read -r line; do printf 'record\\t%s\\t%s\\n' "\${f##*/}" "$line"; done < "$f"
done
[ ! -f ${intents} ] || while IFS='	' read -r kind thing by; do
  case $kind in
    files) [ -f "$thing" ] && [ "$(sha256sum < "$thing" | cut -c 1-64)" = "$by" ] && printf 'record\\tfiles\\t%s\\n' "$thing" ;;
    users) case $(getent passwd "$thing") in *:'${userMark}':*) printf 'record\\tusers\\t%s\\n' "$thing" ;; esac ;;
  esac
done < ${intents}
for f in ${lists}*; do [ -f "$f" ] && printf 'record\\tbuilds\\t%s\\n' "\${f#${lists}}"; done`;

/** sh words: every file that haup wrote. */
export const recordedFiles: string = `$({ cat ${recordDirectory}/files; sed -n 's/^files	\\([^	]*\\)	.*/\\1/p' ${intents}; } 2>/dev/null)`;

/** @param records kind and thing */
export function parseRecord(records: readonly (readonly string[])[]): HostRecord {
  const of = (kind: string): readonly string[] => [
    ...new Set(records.flatMap(([k, thing = '']) => (k === kind && thing !== '' ? [thing] : []))),
  ];
  return {
    files: of('files'),
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
