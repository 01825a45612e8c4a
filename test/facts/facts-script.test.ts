import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { factsScript, parseFacts } from '../../src/facts/facts-script.ts';
import type { FactsRequest } from '../../src/model/facts.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'haup-facts-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const request = (change: Partial<FactsRequest> = {}): FactsRequest => ({
  packages: { deb: ['coreutils', 'no-such-package'], rpm: ['coreutils'] },
  users: ['root', 'nobody-of-this-name'],
  files: [],
  directories: [],
  binaries: {
    keepalived: {
      path: join(directory, 'keepalived/sbin/keepalived'),
      prefix: join(directory, 'keepalived'),
    },
    nginx: { path: join(directory, 'nginx'), prefix: directory },
  },
  ...change,
});
const run = (wanted: FactsRequest): Buffer => execFileSync('/bin/sh', ['-c', factsScript(wanted)]);

describe('the script in a real sh', () => {
  test('tells the machine', () => {
    const facts = parseFacts('here', run(request()));
    expect(facts).toMatchObject({
      host: 'here',
      hostname: hostname(),
      users: ['root'],
      drain: null,
      unread: [],
    });
    expect(Math.abs(facts.clockMs - Date.now())).toBeLessThan(5000);
    expect(facts.interfaces.find(({ name }) => name === 'lo')).toMatchObject({
      addresses: expect.arrayContaining(['127.0.0.1/8']),
    });
    expect(facts.os.name).not.toBe('');
    expect(Object.values(facts.free).every((bytes) => bytes > 0)).toBe(true);
    expect(Object.keys(facts.packages)).toEqual(facts.packageManager === null ? [] : ['coreutils']);
  });

  test('tells files with their bytes, modes and digests, and all of a directory that is ours', () => {
    const awkward = join(directory, "it's a $(file)");
    writeFileSync(awkward, 'grüße\n', { mode: 0o640 });
    writeFileSync(join(directory, 'other'), '', { mode: 0o600 });
    const { files } = parseFacts(
      'here',
      run(request({ files: [awkward, '/does/not/exist'], directories: [directory] })),
    );
    expect(files[awkward]).toMatchObject({ state: 'present', mode: 0o640, text: 'grüße\n' });
    expect(files[join(directory, 'other')]).toMatchObject({ mode: 0o600, text: '' });
    expect(files['/does/not/exist']).toBeUndefined();
  });

  test('tells versions and configure options from what the programs say on stderr', () => {
    writeFileSync(
      join(directory, 'nginx'),
      "#!/bin/sh\necho 'nginx version: nginx/1.22.1' >&2\necho \"configure arguments: --prefix=/x --with-cc-opt='-O2 -g' --with-stream\" >&2\n",
      { mode: 0o755 },
    );
    writeFileSync(join(directory, '.haup-build.nginx'), 'abc');
    writeFileSync(join(directory, '.haup-build.keepalived'), 'def');
    expect(parseFacts('here', run(request())).software).toEqual({
      keepalived: null,
      nginx: {
        path: join(directory, 'nginx'),
        program: realpathSync(join(directory, 'nginx')),
        version: '1.22.1',
        configure: ['--prefix=/x', '--with-cc-opt=-O2 -g', '--with-stream'],
        stamp: 'abc',
      },
    });
  });
});

test('output that is cut off is refused, wherever the cut is', () => {
  const whole = run(request());
  fc.assert(
    fc.property(fc.integer({ min: 0, max: whole.length - 1 }), (length) => {
      expect(() => parseFacts('here', whole.subarray(0, length))).toThrow(/cut off/);
    }),
  );
});

test('services of an old systemd are read as they come', () => {
  const output = `clock\t1000000\nuptime\t100.5\nservice\tId\tkeepalived.service\nservice\tLoadState\tloaded\nservice\tActiveState\tactive
service\tActiveEnterTimestampMonotonic\t50500000\nservice\tMainPID\t7\nservice\tProgram\t/usr/sbin/keepalived\nservice\t\t
service\tId\tnginx.service\nservice\tLoadState\tmasked\nservice\tActiveState\tinactive\nend\n`;
  const { services } = parseFacts('here', Buffer.from(output));
  expect(services.keepalived).toMatchObject({
    active: 'active',
    program: '/usr/sbin/keepalived',
    activeSinceMs: 950_000,
  });
  expect(services.nginx).toMatchObject({ load: 'masked', active: 'inactive', activeSinceMs: 0 });
});

test('the version on offer of a package that is not installed is told by apt-get, in the same round trip', () => {
  writeFileSync(
    join(directory, 'apt-cache'),
    `#!/bin/sh
[ "$*" = '-o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= policy nginx none' ] || exit 1
cat <<'end'
nginx:
  Installed: (none)
  Candidate: 1:1.22.1-9
  Version table:
     1:1.22.1-9 500
        500 file:/srv/pool ./ Packages
none:
  Installed: (none)
  Candidate: (none)
end
`,
    { mode: 0o755 },
  );
  writeFileSync(
    join(directory, 'dpkg-query'),
    `#!/bin/sh\nfor p; do last=$p; done; [ "$last" != keepalived ] || printf installed\n`,
    { mode: 0o755 },
  );
  const script = factsScript(request({ offers: ['keepalived', 'nginx', 'none'] }));
  const env = { ...process.env, PATH: `${directory}:${process.env['PATH']}` };
  const { offered } = parseFacts('here', execFileSync('/bin/sh', ['-c', script], { env }));
  expect(offered).toEqual({ nginx: '1:1.22.1-9' });
  expect(factsScript(request())).not.toContain('apt-cache');
});

test.each([
  [
    'dnf',
    `[ "$*" = '-q -C repoquery --latest-limit=1 --qf %{name}.%{arch} %{evr} repository\\n nginx none' ] || exit 1
printf 'nginx.x86_64 1:1.20.1-14.el9 repository\\n\\n'`,
  ],
  [
    'yum',
    `[ "$*" = '-q -C list available nginx none' ] || exit 1
printf 'Available Packages\\nnginx.x86_64   1:1.20.1-14.el9   epel\\n'`,
  ],
])('… and by %s, out of its cache', (manager, script) => {
  const tools = mkdtempSync(join(directory, 'rpm-'));
  const tool = (name: string, text: string): void =>
    writeFileSync(join(tools, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  tool('rpm', '[ "$1 $2" != "-q --quiet" ] || [ "$3" = keepalived ]');
  tool(manager, script);
  const needed = [
    'base64',
    'cat',
    'date',
    'grep',
    'nproc',
    'readlink',
    'sha256sum',
    'stat',
    'timeout',
    'uname',
  ];
  for (const name of needed) symlinkSync(`/usr/bin/${name}`, join(tools, name));
  const asked = factsScript(request({ offers: ['keepalived', 'nginx', 'none'] }));
  const said = execFileSync('/bin/sh', ['-c', asked], { env: { PATH: tools }, stdio: 'pipe' });
  expect(parseFacts('here', said).offered).toEqual({ nginx: '1:1.20.1-14.el9' });
});

test.each([
  ['enabled', 'boots\tkeepalived\n'],
  ['disabled', ''],
])('a unit that is made of an init script is %s by its link, whatever systemd calls it', (enabled, boots) => {
  const service =
    'Id=keepalived.service LoadState=loaded ActiveState=active UnitFileState=generated FragmentPath=/run/systemd/generator.late/keepalived.service';
  const lines = service.split(' ').map((pair) => `service\t${pair.replace('=', '\t')}\n`);
  const facts = parseFacts('here', Buffer.from(`${lines.join('')}${boots}end\n`));
  expect(facts.services.keepalived).toMatchObject({ enabled, active: 'active' });
});
