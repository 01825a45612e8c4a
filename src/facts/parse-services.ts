import { type Service, services } from '../model/domain.ts';
import type { HostFacts, ServiceFacts } from '../model/facts.ts';
import type { Answer } from './read-answer.ts';

/** Properties of units, by their full names. */
export type Units = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** What `systemctl show` printed: properties, with an empty line between units. */
export function unitsOf({ output }: Answer): Units {
  const blocks: Map<string, string>[] = [new Map()];
  for (const line of output('systemctl')) {
    const at = line.indexOf('=');
    if (at < 0) blocks.push(new Map());
    else blocks.at(-1)?.set(line.slice(0, at), line.slice(at + 1));
  }
  return new Map(blocks.flatMap((block) => (block.has('Id') ? [[block.get('Id') ?? '', block]] : [])));
}

const unknown: ServiceFacts = {
  load: 'not-found',
  active: 'inactive',
  enabled: '',
  unit: '',
  needsDaemonReload: false,
  program: '',
};

export function parseServices({ all }: Answer, units: Units): HostFacts['services'] {
  const programs = new Map(all('program').map(([pid = '', program = '']) => [pid, program]));
  const of = (service: Service): ServiceFacts => {
    const unit = units.get(`${service}.service`);
    if (unit === undefined) return unknown;
    const path = unit.get('FragmentPath') ?? '';
    // Whether an init script is started at boot systemd does not know.
    const boots = all('boots').some(([name]) => name === service) ? 'enabled' : 'disabled';
    return {
      load: unit.get('LoadState') ?? '',
      active: unit.get('ActiveState') ?? '',
      enabled: path.startsWith('/run/systemd/generator') ? boots : (unit.get('UnitFileState') ?? ''),
      unit: path,
      needsDaemonReload: unit.get('NeedDaemonReload') === 'yes',
      program: programs.get(unit.get('MainPID') ?? '') ?? '',
    };
  };
  return { keepalived: of('keepalived'), nginx: of('nginx') };
}

/** The service whose main process this is; null: it is none's. */
export const serviceOf = (pid: number, units: Units): Service | null =>
  services.find((service) => Number(units.get(`${service}.service`)?.get('MainPID') ?? 0) === pid) ?? null;
