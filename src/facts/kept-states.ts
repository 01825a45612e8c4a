/** Lists the states that a host keeps, and fetches the files of one. */

import { type HostName, type Service, services } from '../model/domain.ts';
import type { FileFact } from '../model/facts.ts';
import { HaupError } from '../model/errors.ts';
import { type PlacedRule, ruleOf } from '../model/firewall-rules.ts';
import type { KeptBuild, KeptHistory, KeptPaths, KeptState } from '../model/kept-state.ts';
import type { Host, ReadScript } from '../model/host.ts';
import { hostScript } from '../base/host-script.ts';
import { softwareFacts } from './software-facts.ts';

/** Parses what list-states.sh prints. Throws FACTS_UNREADABLE when it is cut off. */
export function parseHistory(host: HostName, output: Uint8Array): KeptHistory {
  const records = recordsOf(host, output);
  const of = (kind: string, number: string): readonly string[][] =>
    records.filter(([k, n]) => k === kind && n === number).map((record) => record.slice(2));
  const states: KeptState[] = [];
  const unreadable: number[] = [];
  for (const [kind, number = '', text = ''] of records) {
    if (kind !== 'state') continue;
    const about = aboutOf(text);
    if (about === null) {
      unreadable.push(Number(number));
      continue;
    }
    const builds = of('build', number);
    states.push({
      number: Number(number),
      ...about,
      files: Object.fromEntries(of('file', number).map(fileOf)),
      builds: {
        keepalived: buildOf('keepalived', about.services, builds),
        nginx: buildOf('nginx', about.services, builds),
      },
    });
  }
  return { states, unreadable };
}

/** Null for one that is damaged, or that another version of haup wrote: it must not hide the others. */
function aboutOf(base64: string): Pick<KeptState, 'label' | 'services' | 'firewall'> | null {
  try {
    const read: unknown = JSON.parse(Buffer.from(base64, 'base64').toString('utf8'));
    if (!isAbout(read)) return null;
    const { label, services: kept } = read;
    return { label, services: kept, firewall: rulesOf((read as Fields)['firewall']) };
  } catch {
    return null;
  }
}

/** Leaves out what is no rule of haup's: a state without rules comes back behind what is open now. */
const rulesOf = (value: unknown): readonly PlacedRule[] =>
  (Array.isArray(value) ? value : []).flatMap((one: unknown): readonly PlacedRule[] => {
    const [at, words] = isWords(one) ? (one as readonly string[]) : [];
    const rule = ruleOf(words ?? '');
    return at === undefined || rule === null ? [] : [{ at, rule }];
  });

const labelFields = ['run', 'who', 'when', 'why', 'inventory'] as const;
const pathFields = ['binary', 'entry', 'unit'] as const;

function isAbout(value: unknown): value is Pick<KeptState, 'label' | 'services'> {
  if (!isObject(value) || !isObject(value['label']) || !Array.isArray(value['services'])) return false;
  const { label, services: kept } = value as {
    readonly label: Fields;
    readonly services: readonly unknown[];
  };
  return (
    labelFields.every((name) => typeof label[name] === 'string') &&
    isWords(label['changes']) &&
    kept.every(
      (one) =>
        isObject(one) &&
        services.some((name) => name === one['service']) &&
        pathFields.every((name) => typeof one[name] === 'string') &&
        (one['prefix'] === null || typeof one['prefix'] === 'string') &&
        isWords(one['files']) &&
        isWords(one['owns']),
    )
  );
}

type Fields = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const isWords = (value: unknown): boolean =>
  Array.isArray(value) && value.every((word) => typeof word === 'string');

function fileOf([state, path = '', mode = '0', owner = '', sha256 = '']: readonly string[]): [
  string,
  FileFact,
] {
  if (state !== 'present') return [path, { state: 'absent' }];
  return [path, { state: 'present', sha256, mode: Number.parseInt(mode, 8), owner, text: null }];
}

/** The build of the program that ran: the first one of the service. */
function buildOf(
  service: Service,
  paths: readonly KeptPaths[],
  builds: readonly string[][],
): KeptBuild | null {
  const ran = paths.find((one) => one.service === service);
  const line = builds.find(([, name, , path]) => name === service && path === ran?.binary);
  if (line === undefined) return null;
  const [kept, , id = '', path = '', , said = '', stamp = ''] = line;
  const text = Buffer.from(said, 'base64').toString('utf8');
  return {
    id,
    software: softwareFacts(service, { path, program: path }, text, stamp),
    kept: kept === 'kept',
  };
}

export async function keptStatesOf(host: Host, signal: AbortSignal): Promise<KeptHistory> {
  return parseHistory(host.name, await host.read(hostScript('list-states') as ReadScript, signal));
}

/** The bytes of every file of a state, by path. */
export async function keptFiles(
  host: Host,
  number: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const script = hostScript('state-files', { state: number }) as ReadScript;
  const records = recordsOf(host.name, await host.read(script, signal));
  return new Map(
    records.flatMap(([kind, path = '', text = '']) =>
      kind === 'text' ? [[path, Buffer.from(text, 'base64')] as const] : [],
    ),
  );
}

function recordsOf(host: HostName, output: Uint8Array): readonly string[][] {
  const lines = Buffer.from(output).toString('utf8').split('\n');
  if (lines.at(-2) !== 'end') {
    throw new HaupError('FACTS_UNREADABLE', 'The host answered, but its history is cut off.', {
      host,
      hint: 'Run the command again; with --debug it shows what the host said.',
    });
  }
  return lines.slice(0, -2).map((line) => line.split('\t'));
}
