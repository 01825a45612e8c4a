import type { Action } from '../../src/model/action.ts';
import { HaupError } from '../../src/model/errors.ts';
import type { HostName, Inventory, Service } from '../../src/model/domain.ts';
import { services } from '../../src/model/domain.ts';
import type { HostFacts } from '../../src/model/facts.ts';
import type { Host } from '../../src/model/host.ts';
import { unreadMark } from '../../src/model/layout.ts';
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
  const answer = (host: FakeHost, script: string): Buffer => {
    const note = (kind: string, bytes: Buffer): Buffer => {
      read.push(`${host.name} ${kind}`);
      return bytes;
    };
    const say = (kind: string, lines: readonly string[]): Buffer =>
      note(kind, Buffer.from(`${lines.join('\n')}\n`));
    const held = vips.filter((address) => holders(address).includes(host.name));
    const own = serves(host.name) ? `own\t0\t${host.name}` : 'own\t7\t';
    if (/^deb_packages=/m.test(script)) return note('facts', factsOutput(host.facts(), held));
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
    if (/^hear=/m.test(script)) return say('wire', ['end']);
    if (script.startsWith('read -r was')) return say('uptime', ['1000.00']);
    if (script.includes('sort -rn')) return say('history', historyLines(host));
    const number = /^state=(\d+)$/m.exec(script)?.[1];
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
          read: async (script) => answer(host, script),
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
function factsOutput(facts: HostFacts, held: readonly string[]): Buffer {
  const { os, record } = facts;
  const line = (...fields: readonly (string | number)[]): string => fields.join('\t');
  const printed = (program: string, lines: readonly string[]): readonly string[] => [
    `begin\t${program}`,
    ...lines,
    `end\t${program}`,
  ];
  const files = Object.entries(facts.files).flatMap(([path, file]) =>
    file.state === 'absent' ? [] : [{ path, ...file }],
  );
  const lines = [
    line('machine', facts.arch, facts.machineId),
    ...[`ID=${os.id}`, `VERSION_ID="${os.version}"`, `PRETTY_NAME="${os.name}"`].map((one) =>
      line('os', one),
    ),
    ...(facts.systemd ? ['systemd'] : []),
    ...(facts.packageManager === null ? [] : [line('manager', facts.packageManager)]),
    ...Object.entries(facts.packages).map(([name, version]) => line('package', name, 'installed', version)),
    ...facts.users.map((user) => line('user', user)),
    ...printed(
      'ip',
      facts.interfaces.flatMap(({ name, addresses }, index) => [
        `${index + 1}: ${name}: <BROADCAST,UP,LOWER_UP> mtu 1500`,
        ...[...addresses, ...held.map((address) => `${address}/32`)].map(
          (one) => `    inet ${one} scope global`,
        ),
      ]),
    ),
    ...printed(
      'systemctl',
      services.flatMap((service, index) => serviceLines(service, facts, index)),
    ),
    ...services.map((service, index) => line('program', index + 1, facts.services[service].program)),
    ...services.flatMap((service) => softwareLines(service, facts)),
    line('library', `libcrypto.so.${facts.libraries.openssl ?? '3'}`),
    ...(facts.drain === null ? [] : [line('drain', facts.drain)]),
    line('drill', facts.drill ?? ''),
    ...facts.unread.map((service) => line('unread', unreadMark(service))),
    ...record.files.map((path) => line('record', 'files', path)),
    ...record.users.map((user) => line('record', 'users', user)),
    ...record.packages.map((name) => line('record', 'packages', name)),
    ...record.builds.map((one) => line('record', 'builds', one.service + one.prefix.replaceAll('/', '%'))),
    ...Object.entries(record.services).map(([service, { active, enabled }]) =>
      line('record', 'services', `${service} ${active ? 'active' : '-'} ${enabled ? 'enabled' : '-'}`),
    ),
    line('files', files.length),
  ];
  // Of a file without its text there is the digest, as of a large one.
  const bytes = files.map(({ text }) => (text === null ? null : Buffer.from(text)));
  const stats = files.map(
    ({ mode, owner }, index) => `${mode.toString(8)} ${owner} ${bytes[index]?.length ?? 1e9} 0`,
  );
  const digests = files.flatMap(({ text, sha256, path }) => (text === null ? [`${sha256}  ${path}`] : []));
  return Buffer.concat([
    Buffer.from(`${lines.join('\n')}\n${files.map(({ path }) => `${path}\0`).join('')}`),
    Buffer.from([...stats, '644 root:root 0 1700000000', ...digests].map((one) => `${one}\n`).join('')),
    ...bytes.flatMap((one) => one ?? []),
    Buffer.from('end\n'),
  ]);
}

function serviceLines(service: Service, facts: HostFacts, index: number): readonly string[] {
  const { load, active, enabled, unit, needsDaemonReload } = facts.services[service];
  return [
    `Id=${service}.service`,
    `LoadState=${load}`,
    `ActiveState=${active}`,
    `UnitFileState=${enabled}`,
    `FragmentPath=${unit}`,
    `NeedDaemonReload=${needsDaemonReload ? 'yes' : 'no'}`,
    `MainPID=${index + 1}`,
    '',
  ];
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
      ? [`nginx version: nginx/${version}`, `configure arguments: ${options}`]
      : [`Keepalived v${version} (01/01,2024)`, `configure options: ${options}`];
  return [
    `software\t${service}\t${path}\t${stamp ?? ''}\t${path}`,
    `begin\t${service}`,
    ...said,
    `end\t${service}`,
  ];
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
