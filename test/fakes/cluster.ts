import type { Action } from '../../src/model/action.ts';
import { HaupError } from '../../src/model/errors.ts';
import type { HostName, Inventory, Service } from '../../src/model/domain.ts';
import { services } from '../../src/model/domain.ts';
import type { HostFacts, SoftwareFacts } from '../../src/model/facts.ts';
import type { Host } from '../../src/model/host.ts';
import { sha256 } from '../../src/base/digest.ts';
import { hostScript } from '../../src/base/host-script.ts';
import { unreadMark } from '../../src/model/layout.ts';
import { isDrained } from '../../src/cluster/ability.ts';
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
    const held = vips.filter((address) => holders(address).includes(host.name));
    const own = serves(host.name) ? `own\t0\t${host.name}` : 'own\t7\t';
    const lines = (kind: string, said: readonly string[]): Buffer => {
      read.push(`${host.name} ${kind}`);
      return Buffer.from(`${said.join('\n')}\n`);
    };
    const active = services.filter((service) => host.facts().services[service].active === 'active');
    const kept = host.kept().find(({ number }) => script === hostScript('state-files', { state: number }));
    if (kept !== undefined) {
      const files = [...host.keptFiles(kept.number)];
      return lines('state', [...files.map(([path, bytes]) => `text\t${path}\t${base64(bytes)}`), 'end']);
    }
    if (script === hostScript('list-states')) return lines('history', historyLines(host));
    if (script.includes('print_output systemctl')) {
      read.push(`${host.name} facts`);
      return factsAnswer(host.facts(), held, script);
    }
    if (script.includes("printf 'held"))
      return lines('gate', [
        ...held.map((address) => `held\t${address}`),
        ...active.map((service) => `active\t${service}`),
        ...(isDrained(host.facts()) ? ['drained'] : []),
        own,
        ...vips.flatMap((address) => holders(address).map((name) => `answer\t${address}\t0\t${name}`)),
      ]);
    if (script === hostScript(['held-addresses', 'answered-vips'])) return lines('held', held);
    if (vips.some((vip) => script === hostScript('open-connections', { vip }))) return lines('open', ['0']);
    if (script.includes("printf 'own")) return lines('nginx', [own]);
    if (script.includes('ip neigh')) return lines('wire', ['end']);
    if (script.includes('/proc/uptime')) return lines('uptime', ['1000.00']);
    throw new Error(`a fake host has no answer to: ${script.slice(0, 200)}`);
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

/** What the facts scripts print on such a host. */
function factsAnswer(facts: HostFacts, held: readonly string[], script: string): Buffer {
  const { os, record } = facts;
  const line = (...fields: readonly (string | number)[]): string => fields.join('\t');
  const output = (program: string, lines: readonly string[]): readonly string[] => [
    line('begin', program),
    ...lines,
    line('end', program),
  ];
  const files = Object.entries(facts.files).flatMap(([path, file]) =>
    file.state === 'absent' ? [] : [{ path, ...file, bytes: Buffer.from(file.text ?? '') }],
  );
  const known = /^known_digests='( [ 0-9a-f]+)/m.exec(script)?.[1] ?? '';
  const records = [
    line('machine', facts.arch, facts.machineId),
    line('os', `ID=${os.id}`),
    line('os', `VERSION_ID="${os.version}"`),
    line('os', `PRETTY_NAME="${os.name}"`),
    ...(facts.systemd ? ['systemd'] : []),
    line('nft', facts.nft),
    line('manager', facts.packageManager ?? ''),
    ...Object.entries(facts.packages).map(([name, version]) => line('package', name, 'installed', version)),
    ...facts.users.map((user) => line('user', user)),
    line('library', `libcrypto.so.${facts.libraries.openssl ?? '3'}`),
    ...output(
      'ip',
      facts.interfaces.flatMap(({ name, addresses }, index) => [
        `${index + 1}: ${name}: <BROADCAST,UP,LOWER_UP> mtu 1500`,
        ...[...addresses, ...held.map((address) => `${address}/32`)].map(
          (one) => `    inet ${one} scope global`,
        ),
      ]),
    ),
    ...services.flatMap((service) => {
      const software = softwareOf(service, facts);
      if (software === null) return [];
      const { path, version, configure, stamp } = software;
      return [
        line('software', service, path, stamp ?? '', path),
        ...output(service, saidBy(service, version, configure)),
      ];
    }),
    ...output(
      'systemctl',
      services.flatMap((service, index) => {
        const { load, active, enabled, unit, needsDaemonReload, program } = facts.services[service];
        return [
          `Id=${service}.service`,
          `LoadState=${load}`,
          `ActiveState=${active}`,
          `UnitFileState=${enabled}`,
          `FragmentPath=${unit}`,
          `NeedDaemonReload=${needsDaemonReload ? 'yes' : 'no'}`,
          `MainPID=${program === '' ? 0 : index + 100}`,
          '',
        ];
      }),
    ),
    ...services.map((service, index) => line('program', index + 100, facts.services[service].program)),
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
  return Buffer.concat([
    Buffer.from(`${records.join('\n')}\n`),
    ...files.map(({ path }) => Buffer.from(`${path}\0`)),
    ...files.map(({ mode, owner, bytes }) => Buffer.from(`${mode.toString(8)} ${owner} ${bytes.length} 1\n`)),
    Buffer.from('444 root:root 0 1700000000\n'),
    ...(known === '' ? [] : files.map(({ path, bytes }) => Buffer.from(`${sha256(bytes)}  ${path}\n`))),
    ...files.flatMap(({ bytes }) => (known.includes(` ${sha256(bytes).slice(0, 16)}`) ? [] : [bytes])),
    Buffer.from('end\n'),
  ]);
}

/** A package that is installed has its program, too. */
function softwareOf(service: Service, { software, packages }: HostFacts): SoftwareFacts | null {
  const path = `/usr/sbin/${service}`;
  const version = service === 'nginx' ? '1.22.1' : '2.2.7';
  const packaged = packages[service] === undefined ? null : { path, version, configure: [], stamp: null };
  return software[service] ?? packaged;
}

const saidBy = (service: Service, version: string, configure: readonly string[]): readonly string[] =>
  service === 'nginx'
    ? [`nginx version: nginx/${version}`, `configure arguments: ${configure.join(' ')}`]
    : [`Keepalived v${version} (01/01,2024)`, `configure options: ${configure.join(' ')}`];

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
        const said = saidBy(service, version, []).join('\n');
        return [
          `build\t${number}\tkept\t${service}\t${build.id}\t${path}\t\t${base64(said)}\t${stamp ?? ''}`,
        ];
      }),
    ]),
    'end',
  ];
}
