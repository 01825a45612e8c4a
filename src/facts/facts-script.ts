/**
 * The one read-only script that gathers everything haup wants to know of a host, and the parser of
 * what it prints. Writer and reader of one format live together: lines of tab-separated fields, the
 * first field names the record, free text travels as base64, and the line `end` proves that nothing
 * was cut off.
 */

import type { HostName, Service } from '../model/domain.ts';
import type { FactsRequest, FileFact, HostFacts, ServiceFacts, SoftwareFacts } from '../model/facts.ts';
import { services } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import { isDrillName } from '../model/fault.ts';
import { drainFile, leftDrill, stampPath, unreadMark } from '../model/layout.ts';
import type { ReadScript } from '../model/host.ts';
import { shellWords } from '../base/shell-words.ts';
import { complaintScript, parseComplaints } from './complaints.ts';
import { parseFirewall } from './parse-firewall.ts';
import { firewallScript } from './firewall-script.ts';
import { interfacesScript, parseInterfaces } from './interfaces.ts';
import { offersScript } from './offers-script.ts';
import { parseRunning } from './parse-running.ts';
import { runningScript } from './running-script.ts';
import { parseRecord, recordedFiles, recordScript } from './install-record.ts';
import { parseSockets, socketsScript } from './parse-sockets.ts';

/** A file larger than this is compared by its digest only. */
const largestText = 262_144;

const word = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
const words = (list: readonly string[]): string => list.map(word).join(' ');

export function factsScript(request: FactsRequest): ReadScript {
  const software = (name: Service): string => {
    const { path, prefix } = request.binaries[name];
    return `if [ -x ${word(path)} ]; then
  printf 'software\\t${name}\\t%s\\t%s\\t%s\\t%s\\n' ${word(path)} "$(${word(path)} ${name === 'nginx' ? '-V' : '-v'} 2>&1 | base64 -w0)" "$(cat ${word(stampPath(name, prefix))} 2>/dev/null)" "$(readlink -f ${word(path)})"
fi`;
  };
  const offers = offersScript(words(request.offers ?? []));
  // The script is piped through nothing and forks as little as it can: its time is haup's floor.
  const text = `printf 'clock\\t%s\\n' "$(date +%s%3N)"
printf 'name\\t%s\\t%s\\t%s\\t%s\\n' "$(uname -n)" "$(uname -m)" "$(nproc)" "$(cat /etc/machine-id 2>/dev/null)"
printf 'os\\t%s\\n' "$(base64 -w0 /etc/os-release 2>/dev/null)"
[ -d /run/systemd/system ] && echo 'systemd'
read -r up rest < /proc/uptime; printf 'uptime\\t%s\\n' "$up"
for m in apt-get dnf yum; do command -v "$m" >/dev/null && { printf 'manager\\t%s\\n' "$m"; break; }; done
if command -v dpkg-query >/dev/null; then
  dpkg-query -W -f='package\\t\${Package}\\t\${Version}\\t\${db:Status-Status}\\n' ${words(request.packages.deb)} 2>/dev/null
${offers.deb}elif command -v rpm >/dev/null; then
  rpm -q --qf 'package\\t%{NAME}\\t%{VERSION}-%{RELEASE}\\tinstalled\\n' ${words(request.packages.rpm)} 2>/dev/null | grep '^package'
${offers.rpm}fi
for u in ${words(request.users)}; do getent passwd "$u" >/dev/null && printf 'user\\t%s\\n' "$u"; done
${interfacesScript}for f in ${words(request.files)}${request.directories.map((path) => ` ${word(path)}/*`).join('')}${request.files.length > 0 ? ` ${services.map((name) => word(unreadMark(name))).join(' ')} ${recordedFiles}` : ''}; do
  [ -f "$f" ] || continue
  case $seen in *"
$f
"*) continue ;; esac
  seen="$seen
$f
"
  text=-; [ "$(stat -c %s "$f")" -le ${largestText} ] && text=$(base64 -w0 "$f")
  sum=$(sha256sum "$f"); printf 'file\\t%s\\t%s\\t%s\\t%s\\n' "$f" "$(stat -L -c '%a\t%U:%G' "$f")" "\${sum%% *}" "$text"
done
systemctl show keepalived.service nginx.service -p Id,LoadState,ActiveState,UnitFileState,FragmentPath,NeedDaemonReload,ActiveEnterTimestampMonotonic,MainPID 2>/dev/null | while IFS='=' read -r key value; do
  printf 'service\\t%s\\t%s\\n' "$key" "$value"
  if [ "$key" = MainPID ] && [ "$value" != 0 ]; then printf 'service\\tProgram\\t%s\\n' "$(readlink "/proc/$value/exe")"; fi
done
for s in ${services.join(' ')}; do
  for l in /etc/rc3.d/S[0-9][0-9]$s /etc/rc.d/rc3.d/S[0-9][0-9]$s; do [ -e "$l" ] && printf 'boots\\t%s\\n' "$s"; done
done
${software('keepalived')}
${software('nginx')}
df -Pk /usr/local /tmp /etc /var/lib 2>/dev/null | while read -r device blocks used free percent mount; do printf 'free\\t%s\\t%s\\n' "$mount" "$free"; done
ldconfig -p 2>/dev/null | while read -r name rest; do case $name in libcrypto.so.*) printf 'library\\t%s\\n' "$name" ;; esac; done
[ -f /usr/include/pcre.h ] && printf 'library\\tpcre1\\n'
[ -f /usr/include/pcre2.h ] && printf 'library\\tpcre2\\n'
[ -f ${word(drainFile)} ] && printf 'drain\\t%s\\n' "$(cat ${word(drainFile)})"
printf 'drill\\t%s\\n' "$(${leftDrill})"
${services.map((name) => `[ -e ${word(unreadMark(name))} ] && printf 'unread\\t${name}\\n'`).join('\n')}
${recordScript}
${complaintScript}
${request.firewall === true ? firewallScript : ''}${request.listening === true ? socketsScript : ''}${request.running === true ? runningScript : ''}echo end
`;
  return text as ReadScript;
}

/** Parses what `factsScript` printed. Throws FACTS_UNREADABLE when it is cut off or not ours. */
export function parseFacts(host: HostName, output: Uint8Array): HostFacts {
  const lines = Buffer.from(output).toString('utf8').split('\n');
  if (lines.at(-2) !== 'end') {
    throw new HaupError('FACTS_UNREADABLE', 'The host answered, but the facts are cut off.', {
      host,
      hint: 'Run the command again; with --debug it shows what the host said.',
      detail: lines.slice(-5),
    });
  }
  const records = lines.slice(0, -2).map((line) => line.split('\t'));
  const all = (kind: string): readonly string[][] =>
    records.filter(([k]) => k === kind).map((r) => r.slice(1));
  const first = (kind: string): readonly string[] => all(kind)[0] ?? [];
  const [hostname = '', arch = '', cpus = '1', machineId = ''] = first('name');
  const clockMs = Number(first('clock')[0]);
  const bootMs = clockMs - Number(first('uptime')[0]) * 1000;
  const manager = first('manager')[0];
  const drain = Number.parseInt(first('drain')[0] ?? '', 10);
  const [drill] = first('drill');
  const libraries = all('library').map(([name = '']) => name);
  return {
    host,
    hostname,
    machineId,
    arch,
    cpus: Number(cpus),
    clockMs,
    os: osFacts(decode(first('os')[0])),
    systemd: records.some(([kind]) => kind === 'systemd'),
    packageManager: manager === 'apt-get' || manager === 'dnf' || manager === 'yum' ? manager : null,
    packages: Object.fromEntries(
      all('package').flatMap(([name = '', version = '', state]) =>
        state === 'installed' ? [[name, version]] : [],
      ),
    ),
    offered: Object.fromEntries(
      all('offered').flatMap(([name = '', version = '']) => (version === '(none)' ? [] : [[name, version]])),
    ),
    users: all('user').map(([name = '']) => name),
    interfaces: parseInterfaces(all),
    ...(all('bare').length === 0 ? {} : { lacks: ['ip'] }),
    files: Object.fromEntries(all('file').map(([path = '', ...rest]) => [path, fileFact(rest)])),
    services: serviceFacts(all('service'), bootMs, new Set(all('boots').map(([name = '']) => name))),
    software: {
      keepalived: softwareRecord('keepalived', all('software')),
      nginx: softwareRecord('nginx', all('software')),
    },
    free: Object.fromEntries(
      all('free').flatMap(([mount = '', kib = '']) =>
        /^\d+$/.test(kib) ? [[mount, Number(kib) * 1024]] : [],
      ),
    ),
    libraries: {
      openssl:
        libraries.find((name) => name.startsWith('libcrypto.so.'))?.replace('libcrypto.so.', '') ?? null,
      pcre1: libraries.includes('pcre1'),
      pcre2: libraries.includes('pcre2'),
    },
    unread: all('unread').flatMap(([name]) => (name === 'keepalived' || name === 'nginx' ? [name] : [])),
    drain: Number.isNaN(drain) ? null : drain,
    drill: isDrillName(drill) ? drill : null,
    record: parseRecord(all('record')),
    ...parseComplaints(first('complaints')[0]),
    firewall: parseFirewall(all('firewall')),
    ...(first('sockets').length === 0
      ? {}
      : { listening: parseSockets(decode(first('sockets')[0]), mainPids(all('service'))) }),
    running: parseRunning(all('ran'), all('read')),
  };
}

const decode = (base64: string | undefined): string => Buffer.from(base64 ?? '', 'base64').toString('utf8');

function osFacts(release: string): HostFacts['os'] {
  const value = (key: string): string =>
    new RegExp(`^${key}=(.*)$`, 'm')
      .exec(release)?.[1]
      ?.trim()
      .replace(/^(["'])(.*)\1$/, '$2') ?? '';
  return { id: value('ID'), version: value('VERSION_ID'), name: value('PRETTY_NAME') };
}

function fileFact([mode = '0', owner = '', sha256 = '', text = '-']: readonly string[]): FileFact {
  return {
    state: 'present',
    sha256,
    mode: Number.parseInt(mode, 8),
    owner,
    text: text === '-' ? null : decode(text),
  };
}

const unknownService: ServiceFacts = {
  load: 'not-found',
  active: 'inactive',
  enabled: '',
  unit: '',
  needsDaemonReload: false,
  activeSinceMs: 0,
  program: '',
};

function unitsOf(records: readonly string[][]): readonly ReadonlyMap<string, string>[] {
  const units: Map<string, string>[] = [];
  for (const [key = '', value = ''] of records) {
    // systemctl separates units by an empty line, which arrives here as an empty key.
    if (units.length === 0 || key === '') units.push(new Map());
    if (key !== '') units.at(-1)?.set(key, value);
  }
  return units;
}

function mainPids(records: readonly string[][]): Readonly<Partial<Record<Service, number>>> {
  const units = unitsOf(records);
  return Object.fromEntries(
    services.flatMap((service) => {
      const pid = Number(units.find((one) => one.get('Id') === `${service}.service`)?.get('MainPID') ?? 0);
      return pid === 0 ? [] : [[service, pid]];
    }),
  );
}

/** @param boots services that an init script starts at boot: of those systemd itself does not tell */
function serviceFacts(
  records: readonly string[][],
  bootMs: number,
  boots: ReadonlySet<string>,
): HostFacts['services'] {
  const units = unitsOf(records);
  const of = (service: Service): ServiceFacts => {
    const unit = units.find((one) => one.get('Id') === `${service}.service`);
    if (unit === undefined) return unknownService;
    const sinceUs = Number(unit.get('ActiveEnterTimestampMonotonic') ?? 0);
    const active = unit.get('ActiveState') ?? '';
    const path = unit.get('FragmentPath') ?? '';
    const generated = path.startsWith('/run/systemd/generator');
    return {
      load: unit.get('LoadState') ?? '',
      active,
      enabled: generated ? (boots.has(service) ? 'enabled' : 'disabled') : (unit.get('UnitFileState') ?? ''),
      unit: path,
      needsDaemonReload: unit.get('NeedDaemonReload') === 'yes',
      activeSinceMs: active === 'active' && sinceUs > 0 ? Math.round(bootMs + sinceUs / 1000) : 0,
      program: unit.get('Program') ?? '',
    };
  };
  return { keepalived: of('keepalived'), nginx: of('nginx') };
}

function softwareRecord(name: Service, records: readonly string[][]): SoftwareFacts | null {
  const record = records.find(([service]) => service === name);
  if (record === undefined) return null;
  const [, path = '', said = '', stamp = '', program = path] = record;
  return softwareFacts(name, { path, program }, decode(said), stamp);
}

/** As they were given, whatever quotes the program shows them in. */
function optionsOf(line: string): readonly string[] {
  const read = shellWords(line);
  return typeof read === 'string' ? line.split(/\s+/).filter((option) => option !== '') : read;
}

/** `said`: what the program says of itself with `-V` (nginx) or `-v` (keepalived). */
export function softwareFacts(
  name: Service,
  { path, program }: { readonly path: string; readonly program: string },
  said: string,
  stamp: string,
): SoftwareFacts {
  const version =
    (name === 'nginx' ? /nginx version: nginx\/(\S+)/ : /Keepalived v(\S+)/).exec(said)?.[1] ?? '';
  const options =
    (name === 'nginx' ? /^configure arguments: *(.*)$/m : /^configure options: *(.*)$/m).exec(said)?.[1] ??
    '';
  return {
    path,
    program,
    version,
    configure: optionsOf(options),
    stamp: stamp === '' ? null : stamp,
  };
}
