import { createHash } from 'node:crypto';
import type { Service } from '../../src/model/domain.ts';
import type { FileFact, HostFacts } from '../../src/model/facts.ts';
import { services as bothServices } from '../../src/model/domain.ts';
import { HaupError } from '../../src/model/errors.ts';
import type { KeptState } from '../../src/model/kept-state.ts';
import {
  drainedBy,
  initSources,
  keptStates,
  stampPath,
  unfinishedStamp,
  unreadMark,
} from '../../src/model/layout.ts';
import type { Action, FileWrite } from '../../src/model/action.ts';
import type { Host } from '../../src/model/host.ts';
import type { RunningDaemon } from '../../src/model/running.ts';

/** A host in memory that interprets the same actions as a real one. The contract suite runs on both. */
export interface FakeHost extends Host {
  facts(): HostFacts;
  /** Every action it was given, in order. */
  readonly acted: readonly Action[];
  /** The next action of this kind fails with this error. */
  failOn(kind: Action['do'], error: HaupError): void;
  /** Newest first, as a real host tells them. */
  kept(): readonly KeptState[];
  keptFiles(number: number): ReadonlyMap<string, Uint8Array>;
}

/** As systemd has one that runs. */
export const runningService = {
  load: 'loaded',
  active: 'active',
  enabled: 'enabled',
  unit: '/x',
  needsDaemonReload: false,
  program: '/x',
};

export const bareFacts = (host: string, changes: Partial<HostFacts> = {}): HostFacts => ({
  host,
  machineId: host,
  os: { id: 'debian', version: '12', name: 'Debian GNU/Linux 12 (bookworm)' },
  arch: 'x86_64',
  clockMs: 0,
  systemd: true,
  packageManager: 'apt-get',
  packages: {},
  nft: 'present',
  users: [],
  interfaces: [{ name: 'ens33', up: true, addresses: ['192.168.160.136/24'] }],
  files: {},
  services: { keepalived: absent, nginx: absent },
  software: { keepalived: null, nginx: null },
  libraries: { openssl: '3', pcre1: false, pcre2: false },
  unread: [],
  drain: null,
  drill: null,
  record: { files: [], users: [], packages: [], builds: [], services: {} },
  firewall: null,
  ...changes,
});

const absent = {
  load: 'not-found',
  active: 'inactive',
  enabled: '',
  unit: '',
  needsDaemonReload: false,
  program: '',
};

/** What a build of keepalived has of its source tree. */
function initFiles(software: Service, prefix: string, version: string): Readonly<Record<string, FileFact>> {
  if (software !== 'keepalived') return {};
  const fact = (text: string): FileFact => ({
    state: 'present',
    sha256: createHash('sha256').update(text).digest('hex'),
    mode: 0o644,
    owner: 'root:root',
    text,
  });
  const { script, settings } = initSources(prefix);
  return { [script]: fact(`# starts ${version}\n`), [settings]: fact(`# settings of ${version}\n`) };
}

export function fakeHost(start: HostFacts): FakeHost {
  let facts = start;
  const acted: Action[] = [];
  const failures = new Map<Action['do'], HaupError>();
  const change = (part: Partial<HostFacts>): void => {
    facts = { ...facts, ...part };
  };
  const service = (name: Service, part: Partial<HostFacts['services'][Service]>): void =>
    change({ services: { ...facts.services, [name]: { ...facts.services[name], ...part } } });
  const found = new Map<string, FileFact>();
  const stopped = new Map<string, RunningDaemon | undefined>();
  const remember = (part: Partial<HostFacts['record']>): void =>
    change({ record: { ...facts.record, ...part } });
  const write = (files: readonly FileWrite[]): void => {
    for (const { path, expect } of files) {
      const is = facts.files[path];
      if (expect !== 'any' && (is?.state === 'present' ? is.sha256 : 'absent') !== expect) {
        throw new HaupError('PLAN_STALE', `${path} changed since the plan was made`, { host: facts.host });
      }
    }
    const next: Record<string, FileFact> = { ...facts.files };
    for (const { path, from, bytes: own, mode, owner } of files) {
      const source = from === undefined ? undefined : facts.files[from];
      const bytes =
        own === 'absent' || source?.state !== 'present'
          ? own
          : Buffer.concat([Buffer.from(source.text ?? ''), own]);
      const known = facts.record.files.includes(path);
      if (bytes === 'absent') {
        const before = found.get(path);
        if (before === undefined) delete next[path];
        else next[path] = before;
        found.delete(path);
        remember({ files: facts.record.files.filter((one) => one !== path) });
      } else {
        const is = next[path];
        if (!known && is !== undefined) found.set(path, is);
        if (!known) remember({ files: [...facts.record.files, path] });
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        next[path] = { state: 'present', sha256, mode, owner, text: Buffer.from(bytes).toString('utf8') };
      }
    }
    change({ files: next });
  };

  /** systemd looks what units there are. */
  function reread(written: readonly FileWrite[]): void {
    for (const name of bothServices) {
      if (facts.files[facts.services[name].unit]?.state === 'present') continue;
      const generated = `/run/systemd/generator.late/${name}.service`;
      if (facts.files[`/etc/init.d/${name}`]?.state === 'present') {
        if (facts.services[name].unit !== generated)
          service(name, { load: 'loaded', unit: generated, enabled: 'disabled' });
        continue;
      }
      if (facts.services[name].unit === generated) {
        service(name, { load: 'not-found', unit: '', enabled: '' });
        continue;
      }
      // The unit of a package is none of haup's files.
      const packaged = facts.packages[name] !== undefined;
      if (written.some(({ path }) => path === facts.services[name].unit))
        service(name, {
          load: packaged ? 'loaded' : 'not-found',
          unit: packaged ? `/lib/systemd/system/${name}.service` : '',
          enabled: '',
        });
    }
  }
  const haveRead = (name: Service): void => {
    const { [unreadMark(name)]: _mark, ...files } = facts.files;
    change({ unread: facts.unread.filter((one) => one !== name), files });
  };
  const runsWith = (name: Service, entry: string): void => {
    if (facts.unread.includes(name)) return;
    const nothing = { state: 'present', sha256: '', mode: 0o600, owner: 'root:root', text: '' } as const;
    const now = facts.files[entry];
    const mark = now?.state === 'present' ? { ...now, mode: 0o600 } : nothing;
    change({ files: { ...facts.files, [unreadMark(name)]: mark } });
  };
  let kept: readonly KeptState[] = [];
  const texts = new Map<number, ReadonlyMap<string, Uint8Array>>();
  const whole = ({ files, builds }: KeptState): string =>
    JSON.stringify([Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)), builds]);
  function keep({ label, services, firewall }: Extract<Action, { do: 'keep-state' }>): void {
    const cutOff = services.some(
      ({ service: name }) => facts.unread.includes(name) || facts.software[name]?.stamp === unfinishedStamp,
    );
    const [newest] = kept;
    if (newest !== undefined && cutOff) return;
    const owned = Object.keys(facts.files).filter((path) =>
      services.some(({ owns }) => owns.some((directory) => path.startsWith(`${directory}/`))),
    );
    const paths = [
      ...services.flatMap(({ entry, files, unit, init = [] }) => [
        entry,
        ...files,
        unit,
        ...init.map(({ path }) => path),
      ]),
      ...owned,
    ];
    const build = (name: Service): KeptState['builds'][Service] => {
      const software = facts.software[name];
      return software === null ? null : { id: JSON.stringify(software), software, kept: true };
    };
    const state: KeptState = {
      number: (newest?.number ?? 0) + 1,
      label,
      services,
      files: Object.fromEntries(
        paths.map((path) => [
          path,
          { ...(facts.files[path] ?? { state: 'absent' }), text: null } as FileFact,
        ]),
      ),
      builds: { keepalived: build('keepalived'), nginx: build('nginx') },
      ...(firewall === undefined ? {} : { firewall }),
    };
    if (newest !== undefined && whole(newest) === whole(state)) {
      kept = [{ ...newest, label }, ...kept.slice(1)];
      return;
    }
    kept = [state, ...kept].slice(0, keptStates);
    texts.set(
      state.number,
      new Map(
        paths.flatMap((path) => {
          const fact = facts.files[path];
          return fact?.state === 'present' ? [[path, Buffer.from(fact.text ?? '', 'utf8')] as const] : [];
        }),
      ),
    );
  }

  function interpret(action: Action): void {
    switch (action.do) {
      // Of connections nothing is known here.
      case 'grace-answer':
      case 'grace-forward':
      case 'grace-end':
        return;
      case 'keep-state':
        return keep(action);
      case 'restore-build': {
        const { service: name, state } = action;
        const from = state === 'newest' ? kept[0] : kept.find(({ number }) => number === state);
        const software = from?.builds[name]?.software;
        if (software === undefined)
          throw new HaupError('INSTALL_FAILED', `no program of ${name}`, { host: facts.host });
        const prefix = software.path.replace(/\/sbin\/[^/]+$/, '');
        change({
          software: { ...facts.software, [name]: software },
          files: { ...facts.files, ...initFiles(name, prefix, software.version) },
        });
        if (facts.services[name].active === 'active')
          service(name, { program: `${software.path} (deleted)` });
        return;
      }
      case 'announce':
      case 'entrust':
      case 'withdraw':
        return;
      case 'reload-together':
        if (action.atMs === null) throw new Error('no moment was agreed on');
        return haveRead(action.service);
      case 'install':
        remember({ packages: [...facts.record.packages, ...action.names] });
        return change({
          packages: { ...facts.packages, ...Object.fromEntries(action.names.map((name) => [name, '1'])) },
        });
      case 'create-user':
        remember({ users: [...facts.record.users, action.name] });
        return change({ users: [...facts.users, action.name] });
      case 'upload':
      case 'fetch':
      case 'configure':
      case 'make':
      case 'clean-build':
        return;
      case 'pack-build':
        return;
      case 'place-build': {
        const { software, version, configure, prefix } = action.recipe;
        const path = `${prefix}/sbin/${software}`;
        const others = facts.record.builds.filter((one) => one.service !== software || one.prefix !== prefix);
        remember({ builds: [...others, { service: software, prefix }] });
        change({
          software: { ...facts.software, [software]: { path, version, configure, stamp: action.pack.stamp } },
          files: { ...facts.files, ...initFiles(software, prefix, version) },
        });
        // A stamp is a file: two builds that have it at one path have the same.
        for (const name of bothServices) {
          const is = facts.software[name];
          const at = facts.record.builds.find((one) => one.service === name)?.prefix;
          if (is !== null && at !== undefined && stampPath(name, at) === stampPath(software, prefix))
            change({ software: { ...facts.software, [name]: { ...is, stamp: action.pack.stamp } } });
        }
        if (facts.services[software].active === 'active') service(software, { program: `${path} (deleted)` });
        return;
      }
      case 'write':
        runsWith(action.service, action.entry);
        write(action.files);
        return change({ unread: [...new Set([...facts.unread, action.service])] });
      case 'write-unit':
        write([action.file]);
        if (action.file.bytes === 'absent') return reread([action.file]);
        return service(action.service, {
          load: 'loaded',
          needsDaemonReload: false,
          // A drop-in leaves the unit where it is; haup's own takes the place of a package's.
          ...(action.file.path.includes('.service.d/')
            ? facts.files[facts.services[action.service].unit]?.state === 'present'
              ? {}
              : { unit: `/lib/systemd/system/${action.service}.service` }
            : { unit: action.file.path }),
        });
      case 'put-files': {
        write(action.files);
        reread(action.files);
        return;
      }
      case 'remove-build': {
        const { service: name, prefix } = action;
        remember({
          builds: facts.record.builds.filter((one) => one.service !== name || one.prefix !== prefix),
        });
        if (facts.software[name]?.path === `${prefix}/sbin/${name}`)
          change({ software: { ...facts.software, [name]: null } });
        const share = `${prefix}/share/${name}/`;
        change({
          files: Object.fromEntries(Object.entries(facts.files).filter(([path]) => !path.startsWith(share))),
        });
        return;
      }
      case 'remove-packages':
        change({
          packages: Object.fromEntries(
            Object.entries(facts.packages).filter(([name]) => !action.names.includes(name)),
          ),
        });
        if (action.purge)
          remember({ packages: facts.record.packages.filter((name) => !action.names.includes(name)) });
        return;
      case 'remove-user':
        change({ users: facts.users.filter((name) => name !== action.name) });
        return remember({ users: facts.record.users.filter((name) => name !== action.name) });
      case 'firewall': {
        const before = facts.firewall ?? { tool: action.tool, active: true, places: [], others: [] };
        return change({ firewall: { ...before, rules: action.rules } });
      }
      case 'forget':
        return change({
          drain: null,
          unread: [],
          record: { files: [], users: [], packages: [], builds: [], services: {} },
        });
      case 'service':
        if (action.found !== undefined && facts.record.services[action.service] === undefined)
          remember({ services: { ...facts.record.services, [action.service]: action.found } });
        if (action.verb === 'disable') return service(action.service, { enabled: 'disabled' });
        if (action.verb === 'enable') return service(action.service, { enabled: 'enabled' });
        if (action.verb === 'stop') return service(action.service, { active: 'inactive', program: '' });
        if (facts.services[action.service].load === 'not-found') {
          throw new HaupError('SERVICE_FAILED', `${unreadMark(action.service)}: no such unit`, {
            host: facts.host,
          });
        }
        haveRead(action.service);
        return service(action.service, {
          active: 'active',
          program: facts.software[action.service]?.path ?? '',
        });
      case 'stand-back':
      case 'stand-up':
        return;
      case 'retire':
      case 'revive': {
        const running = (facts.running ?? []).filter(({ unit }) => unit !== action.unit);
        if (action.do === 'retire')
          stopped.set(
            action.unit,
            facts.running?.find(({ unit }) => unit === action.unit),
          );
        const back = action.do === 'revive' ? stopped.get(action.unit) : undefined;
        return change({ running: back === undefined ? running : [...running, back] });
      }
      case 'disown': {
        const { [action.service]: _service, ...services } = facts.record.services;
        const files = facts.record.files.filter((path) => !action.files.includes(path));
        return remember({ files, services });
      }
      case 'drain':
        return change({ drain: drainedBy[action.by ?? 'operator'] });
      case 'undrain':
        return change({ drain: 0 });
      case 'break':
        if (action.fault.kind === 'stop') service('keepalived', { active: 'inactive' });
        else change({ drain: drainedBy.operator });
        return change({ drill: action.fault.kind });
      case 'restore':
      case 'end-drill':
        if (facts.drill === 'stop') service('keepalived', { active: 'active' });
        if (facts.drill === 'drain') change({ drain: 0 });
        return change({ drill: null });
    }
  }

  return {
    name: start.host,
    acted,
    facts: () => facts,
    failOn: (kind, error) => void failures.set(kind, error),
    kept: () => kept,
    keptFiles: (number) => texts.get(number) ?? new Map(),
    read: async () => {
      throw new Error('a fake host runs no scripts: ask it for facts()');
    },
    watch: async function* () {
      throw new Error('a fake host runs no scripts: ask it for facts()');
    },
    lock: async () => ({
      lost: new AbortController().signal,
      drill: facts.drill,
      [Symbol.asyncDispose]: async () => undefined,
    }),
    lockOwner: async () => null,
    breakLock: async () => undefined,
    act: async (action) => {
      const failure = failures.get(action.do);
      if (failure !== undefined) {
        failures.delete(action.do);
        throw failure;
      }
      acted.push(action);
      interpret(action);
      return { output: '' };
    },
  };
}
