import { describe, expect, test } from 'vitest';
import { factsRequest } from '../../src/desired/facts-request.ts';
import type { FileFact, HostFacts } from '../../src/model/facts.ts';
import { assumedFacts, assumptions } from '../../src/desired/assume.ts';
import { desire } from '../../src/desired/desire.ts';
import { pair, refusal, render, resourcesOf } from './hosts.ts';

const sysv = pair('keepalived: { service: sysv }');
const there: FileFact = { state: 'present', sha256: '', mode: 0o644, owner: 'root:root', text: null };
const functions = { '/etc/rc.d/init.d/functions': there };
const none = assumedFacts(sysv).get('keep_136')?.services.keepalived;
const keepalivedAt = (unit: string): Partial<HostFacts> => {
  if (none === undefined) throw new Error('no facts');
  return { services: { keepalived: { ...none, load: 'loaded', unit }, nginx: none } };
};
const record = (change: Partial<HostFacts['record']>): Pick<HostFacts, 'record'> => ({
  record: { files: [], users: [], packages: [], builds: [], services: {}, ...change },
});

test('files come out of the source tree that was built, wherever that is', () => {
  const elsewhere = pair('keepalived: { service: sysv, prefix: /opt/ka, configure: [--sbindir=/opt/sbin] }');
  const init = resourcesOf(elsewhere).find(({ kind }) => kind === 'init');
  if (init?.kind !== 'init') throw new Error('no init script');
  expect(init.files).toMatchObject([
    { path: '/etc/init.d/keepalived', from: '/opt/ka/share/keepalived/init.d/keepalived', mode: 0o755 },
    { path: '/etc/sysconfig/keepalived', from: '/opt/ka/share/keepalived/sysconfig/keepalived', mode: 0o644 },
  ]);
  expect(Buffer.from(init.files[1]?.bytes ?? []).toString()).toContain('\nPATH=/opt/sbin:$PATH\n');
  const units = resourcesOf(elsewhere).flatMap((one) => (one.kind === 'unit' ? [one.file.path] : []));
  expect(units).toContain('/etc/systemd/system/keepalived.service.d/haup.conf');
});

test('what decides is asked for in the one round trip, and only then', () => {
  const ask = (inventory: typeof sysv): readonly string[] => {
    const [first] = desire(inventory, assumedFacts(inventory), render);
    if (first === undefined) throw new Error('nothing is desired');
    return factsRequest(inventory, first).files;
  };
  const more = ask(sysv).filter((path) => !ask(pair()).includes(path));
  expect(more).toEqual([
    '/etc/systemd/system/keepalived.service.d/haup.conf',
    '/etc/rc.d/init.d/functions',
    '/run/systemd/system/keepalived.service',
    '/usr/local/lib/systemd/system/keepalived.service',
    '/usr/lib/systemd/system/keepalived.service',
    '/lib/systemd/system/keepalived.service',
    '/etc/init.d/keepalived',
    '/usr/local/keepalived/share/keepalived/init.d/keepalived',
    '/etc/sysconfig/keepalived',
    '/usr/local/keepalived/share/keepalived/sysconfig/keepalived',
  ]);
});

test('haup render says that they are not shown', () => {
  expect(assumptions(sysv)).toContain(
    "keepalived's init script and its settings are those of the source tree, and not shown",
  );
  expect(assumptions(pair())).toEqual([]);
});

describe('refused before anything is changed', () => {
  test.each([
    ['dnf', 'Rocky Linux 9', /Install it on keep_136 \(dnf install initscripts\)/],
    ['yum', 'CentOS Linux 7', /\(yum install initscripts\)/],
    [
      'apt-get',
      'Debian GNU/Linux 12',
      /Debian GNU\/Linux 12 has no package of it: set keepalived.service: systemd/,
    ],
  ] as const)('on a host with %s and without the functions', (packageManager, name, hint) => {
    const error = refusal(() =>
      resourcesOf(sysv, { files: {}, packageManager, os: { id: '', version: '', name } }),
    );
    expect(error).toMatchObject({
      code: 'HOST_UNSUPPORTED',
      host: 'keep_136',
      hint: expect.stringMatching(hint),
      message:
        '/etc/rc.d/init.d/functions is missing, and the init script of keepalived does nothing without it.',
    });
  });

  test.each<[string, Partial<HostFacts>, string, RegExp]>([
    [
      "another's package",
      keepalivedAt('/usr/lib/systemd/system/keepalived.service'),
      '/usr/lib/systemd/system/keepalived.service',
      /Remove the package that it belongs to, or the file/,
    ],
    [
      "haup's package",
      {
        ...keepalivedAt('/usr/lib/systemd/system/keepalived.service'),
        ...record({ packages: ['keepalived'] }),
      },
      '/usr/lib/systemd/system/keepalived.service',
      /apply with keepalived.service: systemd first/,
    ],
    [
      'a unit of make install, behind the one of haup',
      {
        ...keepalivedAt('/etc/systemd/system/keepalived.service'),
        ...record({ files: ['/etc/systemd/system/keepalived.service'] }),
        files: { ...functions, '/lib/systemd/system/keepalived.service': there },
      },
      '/lib/systemd/system/keepalived.service',
      /make install puts one there/,
    ],
    [
      'a unit that somebody wrote',
      keepalivedAt('/etc/systemd/system/keepalived.service'),
      '/etc/systemd/system/keepalived.service',
      /or the file/,
    ],
  ])('where systemd would use %s', (_name, facts, path, hint) => {
    const error = refusal(() => resourcesOf(sysv, { files: functions, ...facts }));
    expect(error).toMatchObject({ code: 'HOST_UNSUPPORTED', host: 'keep_136' });
    expect(error.message).toMatch(new RegExp(`^${path} hides the init script`));
    expect(error.hint).toMatch(hint);
  });

  test.each<[string, Partial<HostFacts>]>([
    ['what systemd makes of it', keepalivedAt('/run/systemd/generator.late/keepalived.service')],
    [
      'the unit that haup takes away',
      {
        ...keepalivedAt('/etc/systemd/system/keepalived.service'),
        ...record({ files: ['/etc/systemd/system/keepalived.service'] }),
      },
    ],
  ])('but not for %s', (_name, facts) => {
    expect(resourcesOf(sysv, { files: functions, ...facts }).map(({ kind }) => kind)).toContain('init');
  });
});
