import type { Action } from '../../src/model/action.ts';
import { HaupError } from '../../src/model/errors.ts';
import type { HostName, Inventory, Service } from '../../src/model/domain.ts';
import { services } from '../../src/model/domain.ts';
import type { HostFacts } from '../../src/model/facts.ts';
import type { Host } from '../../src/model/host.ts';
import { historyDirectory } from '../../src/model/layout.ts';
import { isDrained } from '../../src/cluster/cluster-state.ts';
import type { FakeHost } from './host.ts';

/** Fake hosts on one network, which answer haup's scripts as real hosts do. */
export interface FakeCluster {
  readonly hosts: ReadonlyMap<HostName, Host>;
  /** Hosts that have the address: the first member whose daemons run and that is not drained. */
  readonly holders: (address: string) => readonly HostName[];
  /** Every action, in the order in which hosts were given them: `keep_136 drain`. */
  readonly acted: readonly string[];
  /** Every script that was read: `keep_136 facts`. */
  readonly read: readonly string[];
  /** Another operator breaks the lock. */
  readonly breakLock: () => void;
  /** Runs before each action. */
  onAct: (host: HostName, action: Action) => void;
  /** Runs when a host is locked. */
  onLock: (host: HostName) => void;
}

export function fakeCluster(inventory: Inventory, members: readonly FakeHost[]): FakeCluster {
  const acted: string[] = [];
  const read: string[] = [];
  const lost = new AbortController();
  const factsOf = (name: HostName): HostFacts | undefined =>
    members.find((one) => one.name === name)?.facts();
  const serves = (name: HostName): boolean => {
    const facts = factsOf(name);
    return facts !== undefined && services.every((service) => facts.services[service].active === 'active');
  };
  const holders = (address: string): readonly HostName[] => {
    const able = (inventory.vips.find((vip) => vip.address.address === address)?.members ?? [])
      .map(({ host }) => host)
      .filter(serves);
    const undrained = able.filter((name) => !isDrained(factsOf(name) as HostFacts));
    return [...undrained, ...able].slice(0, 1);
  };
  const vips = inventory.vips.map((vip) => vip.address.address);
  const answer = (host: FakeHost, script: string): string => {
    const say = (kind: string, lines: readonly string[]): string => {
      read.push(`${host.name} ${kind}`);
      return `${lines.join('\n')}\n`;
    };
    const held = vips.filter((address) => holders(address).includes(host.name));
    const own = serves(host.name) ? `own\t0\t${host.name}` : 'own\t7\t';
    if (script.startsWith("printf 'clock")) return say('facts', factLines(host.facts(), held));
    if (script.startsWith('for p in curl')) return say('nginx', [own]);
    if (script.startsWith('ip -o addr show'))
      return say('gate', [
        ...held.map((address) => `held\t${address}`),
        ...services
          .filter((service) => host.facts().services[service].active === 'active')
          .map((service) => `active\t${service}`),
        ...(isDrained(host.facts()) ? ['drained'] : []),
        own,
        ...vips.flatMap((address) => holders(address).map((name) => `answer\t${address}\t0\t${name}`)),
      ]);
    if (script.startsWith('export LC_ALL=C')) return say('wire', ['end']);
    if (script.startsWith('read -r was')) return say('uptime', ['1000.00']);
    if (script.startsWith(`cd ${historyDirectory} `)) return say('history', historyLines(host));
    const number = new RegExp(`^cd ${historyDirectory}/(\\d+)/tree`).exec(script)?.[1];
    if (number !== undefined)
      return say('state', [
        ...[...host.keptFiles(Number(number))].map(([path, bytes]) => `text\t${path}\t${base64(bytes)}`),
        'end',
      ]);
    throw new Error(`a fake host has no answer to: ${script.slice(0, 80)}`);
  };
  const cluster: FakeCluster = {
    hosts: new Map(
      members.map((host) => [
        host.name,
        {
          ...host,
          read: async (script) => Buffer.from(answer(host, script)),
          act: async (action, signal) => {
            cluster.onAct(host.name, action);
            acted.push(`${host.name} ${wordsOf(action)}`);
            return host.act(action, signal);
          },
          lock: async () => {
            cluster.onLock(host.name);
            return {
              lost: lost.signal,
              drill: host.facts().drill,
              [Symbol.asyncDispose]: async () => undefined,
            };
          },
        },
      ]),
    ),
    holders,
    acted,
    read,
    breakLock: () => lost.abort(new HaupError('LOCKED', 'bo@elsewhere took the lock away')),
    onAct: () => undefined,
    onLock: () => undefined,
  };
  return cluster;
}

const wordsOf = (action: Action): string =>
  action.do === 'service' ? `${action.verb} ${action.service}` : action.do;

const base64 = (text: string | Uint8Array): string => Buffer.from(text).toString('base64');

/** What factsScript prints on such a host. */
function factLines(facts: HostFacts, held: readonly string[]): readonly string[] {
  const { os, record } = facts;
  const line = (...fields: readonly (string | number)[]): string => fields.join('\t');
  return [
    line('clock', 1_700_000_000_000),
    line('name', facts.hostname, facts.arch, facts.cpus, facts.machineId),
    line('os', base64(`ID=${os.id}\nVERSION_ID="${os.version}"\nPRETTY_NAME="${os.name}"\n`)),
    ...(facts.systemd ? ['systemd'] : []),
    line('uptime', 1000),
    line('manager', facts.packageManager ?? ''),
    ...Object.entries(facts.packages).map(([name, version]) => line('package', name, version, 'installed')),
    ...facts.users.map((user) => line('user', user)),
    ...facts.interfaces.flatMap(({ name, addresses }) => [
      line('link', `${name}:`, '<BROADCAST,UP,LOWER_UP>'),
      ...[...addresses, ...held.map((address) => `${address}/32`)].map((one) => line('address', name, one)),
    ]),
    ...Object.entries(facts.files).flatMap(([path, file]) =>
      file.state === 'absent'
        ? []
        : [
            line(
              'file',
              path,
              file.mode.toString(8),
              file.owner,
              file.sha256,
              file.text === null ? '-' : base64(file.text),
            ),
          ],
    ),
    ...services.flatMap((service) => serviceLines(service, facts)),
    ...services.flatMap((service) => softwareLines(service, facts)),
    ...Object.entries(facts.free).map(([mount, bytes]) => line('free', mount, Math.round(bytes / 1024))),
    line('library', `libcrypto.so.${facts.libraries.openssl ?? '3'}`),
    ...(facts.drain === null ? [] : [line('drain', facts.drain)]),
    line('drill', facts.drill ?? ''),
    ...facts.unread.map((service) => line('unread', service)),
    ...record.files.map((path) => line('record', 'files', path)),
    ...record.users.map((user) => line('record', 'users', user)),
    ...record.packages.map((name) => line('record', 'packages', name)),
    ...record.builds.map((one) => line('record', 'builds', one.service + one.prefix.replaceAll('/', '%'))),
    ...Object.entries(record.services).map(([service, { active, enabled }]) =>
      line('record', 'services', `${service} ${active ? 'active' : '-'} ${enabled ? 'enabled' : '-'}`),
    ),
    'end',
  ];
}

function serviceLines(service: Service, facts: HostFacts): readonly string[] {
  const { load, active, enabled, unit, needsDaemonReload, program } = facts.services[service];
  return [
    '',
    `Id\t${service}.service`,
    `LoadState\t${load}`,
    `ActiveState\t${active}`,
    `UnitFileState\t${enabled}`,
    `FragmentPath\t${unit}`,
    `NeedDaemonReload\t${needsDaemonReload ? 'yes' : 'no'}`,
    `Program\t${program}`,
  ].map((text) => `service\t${text}`);
}

/** A package that is installed has its program, too. */
function softwareLines(service: Service, facts: HostFacts): readonly string[] {
  const packaged =
    facts.packages[service] === undefined
      ? null
      : {
          path: `/usr/sbin/${service}`,
          version: service === 'nginx' ? '1.22.1' : '2.2.7',
          configure: [],
          stamp: null,
        };
  const software = facts.software[service] ?? packaged;
  if (software === null) return [];
  const { path, version, configure, stamp } = software;
  const options = configure.join(' ');
  const said =
    service === 'nginx'
      ? `nginx version: nginx/${version}\nconfigure arguments: ${options}\n`
      : `Keepalived v${version} (01/01,2024)\nconfigure options: ${options}\n`;
  return [`software\t${service}\t${path}\t${base64(said)}\t${stamp ?? ''}\t${path}`];
}

/** What the script prints that lists the kept states. */
function historyLines(host: FakeHost): readonly string[] {
  return [
    ...host.kept().flatMap(({ number, label, services: paths, files, builds }) => [
      `state\t${number}\t${base64(JSON.stringify({ label, services: paths }))}`,
      ...Object.entries(files).map(([path, file]) =>
        file.state === 'absent'
          ? `file\t${number}\tabsent\t${path}`
          : `file\t${number}\tpresent\t${path}\t${file.mode.toString(8)}\t${file.owner}\t${file.sha256}`,
      ),
      ...services.flatMap((service) => {
        const build = builds[service];
        if (build === null) return [];
        const { path, version, stamp } = build.software;
        const said = service === 'nginx' ? `nginx version: nginx/${version}\n` : `Keepalived v${version}\n`;
        return [
          `build\t${number}\tkept\t${service}\t${build.id}\t${path}\t\t${base64(said)}\t${stamp ?? ''}`,
        ];
      }),
    ]),
    'end',
  ];
}
