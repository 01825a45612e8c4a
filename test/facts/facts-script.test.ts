import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { factsScript, parseFacts } from '../../src/facts/facts-script.ts';
import type { FactsRequest } from '../../src/model/facts.ts';
import { putProgram, scratchDirectory } from '../scratch.ts';

const directory = scratchDirectory();

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
      users: ['root'],
      drain: null,
      unread: [],
    });
    expect(Math.abs(facts.clockMs - Date.now())).toBeLessThan(5000);
    expect(facts.interfaces.find(({ name }) => name === 'lo')).toMatchObject({
      addresses: expect.arrayContaining(['127.0.0.1/8']),
    });
    expect(facts.os.name).not.toBe('');
    if (/^flags.* hypervisor/m.test(readFileSync('/proc/cpuinfo', 'utf8'))) expect(facts.virtual).toBe(true);
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

describe.each([['dash'], ['bash'], ['busybox', 'sh']])('files, with %s', (...shell) => {
  const [program = '', ...options] = shell;
  const read = (wanted: FactsRequest, env = process.env) =>
    parseFacts('here', execFileSync(program, [...options, '-c', factsScript(wanted)], { env })).files;
  const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

  test('of any name and content, links by what they lead to; no directories, and nothing that is missing', () => {
    const place = mkdtempSync(join(directory, 'odd-'));
    const contents = {
      'a b': 'text without an end',
      "it's $(a) `file`": 'grüße\n',
      'back\\slash': '',
      '-n': 'end\nfiles\t1\nend\n',
      'line\nbreak': Buffer.from([0, 255, 10, 0]),
      'large\nfile': Buffer.alloc(262_145, 'x'),
      larger: Buffer.alloc(300_000, 0),
      full: Buffer.alloc(262_144, '\n'),
      '*': 'star\n',
    };
    for (const [name, content] of Object.entries(contents)) writeFileSync(join(place, name), content);
    symlinkSync('a b', join(place, 'link'));
    symlinkSync('missing', join(place, 'dangling'));
    mkdirSync(join(place, 'directory'));
    const found = read(request({ files: [join(place, 'a b'), '/does/not/exist'], directories: [place] }));
    expect(Object.keys(found).toSorted()).toEqual(
      [...Object.keys(contents), 'link'].map((name) => join(place, name)).toSorted(),
    );
    for (const [name, content] of Object.entries({ ...contents, link: contents['a b'] })) {
      const text = content.length > 262_144 ? null : Buffer.from(content).toString('utf8');
      expect(found[join(place, name)]).toMatchObject({ sha256: sha256(content), text });
    }
  });

  test('contents that are known do not travel, those of any other file do', () => {
    const place = mkdtempSync(join(directory, 'known-'));
    const contents = {
      wanted: 'as it is wanted\n',
      changed: 'as it was changed\n',
      'a\nb': 'wanted in two lines\n',
      'copy of wanted': 'as it is wanted\n',
      empty: '',
      stranger: Buffer.from([0, 255, 10, 0]),
      large: Buffer.alloc(262_145, 'x'),
    };
    for (const [name, content] of Object.entries(contents)) writeFileSync(join(place, name), content);
    const wanted = ['as it is wanted\n', 'as it is not\n', 'wanted in two lines\n', '', 'x'.repeat(262_145)];
    const known = new Map(wanted.map((text) => [sha256(text), Buffer.from(text)]));
    const asked = { files: [join(place, 'wanted')], directories: [place] };
    const answer = execFileSync(program, [...options, '-c', factsScript(request({ ...asked, known }))]);
    expect(answer.includes('as it was changed')).toBe(true);
    for (const text of ['as it is wanted', 'wanted in two lines', 'xxx'])
      expect(answer.includes(text)).toBe(false);
    const { files } = parseFacts('here', answer, known);
    expect(files).toEqual(read(request(asked)));
    expect(files[join(place, 'wanted')]).toMatchObject({ text: 'as it is wanted\n' });
    // Whoever asked must know what was left out.
    expect(() => parseFacts('here', answer, new Map([...known].slice(1)))).toThrow(
      /changed while it was read/,
    );
  });

  test('a file that changes between its size and its digest is an error', () => {
    const bin = mkdtempSync(join(directory, 'bin-'));
    const file = join(bin, 'one');
    writeFileSync(file, 'before\n');
    const after = 'later and longer\n';
    putProgram(join(bin, 'sha256sum'), `echo 'later and longer' > ${file}\nexec /usr/bin/sha256sum "$@"`);
    const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}` };
    for (const known of [after, 'other\n']) {
      const wanted = request({ files: [file], known: new Map([[sha256(known), Buffer.from(known)]]) });
      writeFileSync(file, 'before\n');
      const answer = execFileSync(program, [...options, '-c', factsScript(wanted)], { env });
      expect(() => parseFacts('here', answer, wanted.known)).toThrow(/changed while it was read/);
    }
  });

  test('a file that vanishes meanwhile is an error', () => {
    const bin = mkdtempSync(join(directory, 'bin-'));
    putProgram(join(bin, 'cat'), `exec /bin/cat "$2"`);
    const [one, two] = ['one', 'two'].map((name) => join(bin, name));
    for (const path of [one, two]) writeFileSync(path ?? '', 'x\n');
    const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}` };
    expect(() => read(request({ files: [one ?? '', two ?? ''] }), env)).toThrow(/changed while it was read/);
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

/** What a host without files prints. */
const answer = (...lines: readonly string[]): Buffer =>
  Buffer.from([...lines, 'files\t0', '444 root:root 0 1000', 'end', ''].join('\n'));

test('services are read as systemd prints them, in whatever order', () => {
  const facts = parseFacts(
    'here',
    answer(
      'begin\tsystemctl',
      'MainPID=7',
      'Id=keepalived.service',
      'LoadState=loaded',
      'ActiveState=active',
      '',
      'Id=nginx.service',
      'LoadState=masked',
      'ActiveState=inactive',
      'MainPID=0',
      'end\tsystemctl',
      'program\t7\t/usr/sbin/keepalived',
    ),
  );
  expect(facts.services.keepalived).toMatchObject({ active: 'active', program: '/usr/sbin/keepalived' });
  expect(facts.services.nginx).toMatchObject({ load: 'masked', active: 'inactive', program: '' });
  expect(facts.clockMs).toBe(1_000_000);
});

test('the version on offer of a package that is not installed is told by apt-get, in the same round trip', () => {
  writeFileSync(
    join(directory, 'apt-cache'),
    `#!/bin/sh
echo >> ${directory}/asked
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
    `#!/bin/sh\nprintf 'package\\tkeepalived\\tinstalled\\t1\\npackage\\tnginx\\tconfig-files\\t1\\n'\n`,
    { mode: 0o755 },
  );
  const script = factsScript(request({ offers: ['keepalived', 'nginx', 'none'] }));
  const env = { ...process.env, PATH: `${directory}:${process.env['PATH']}` };
  const facts = (text: string) => parseFacts('here', execFileSync('/bin/sh', ['-c', text], { env }));
  expect(facts(script)).toMatchObject({ offered: { nginx: '1:1.22.1-9' }, packages: { keepalived: '1' } });
  facts(factsScript(request({ offers: ['keepalived'] })));
  facts(factsScript(request()));
  expect(readFileSync(join(directory, 'asked'), 'utf8')).toBe('\n');
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
  const tool = (name: string, text: string): void => putProgram(join(tools, name), text);
  tool('rpm', String.raw`printf 'package\tkeepalived\tinstalled\t1\npackage nginx is not installed\n'`);
  tool(manager, script);
  for (const name of ['cat', 'readlink', 'stat', 'timeout'])
    symlinkSync(`/usr/bin/${name}`, join(tools, name));
  const asked = factsScript(request({ offers: ['keepalived', 'nginx', 'none'] }));
  const said = execFileSync('/bin/sh', ['-c', asked], { env: { PATH: tools }, stdio: 'pipe' });
  expect(parseFacts('here', said).offered).toEqual({ nginx: '1:1.20.1-14.el9' });
});

test.each([
  ['enabled', ['boots\tkeepalived']],
  ['disabled', []],
])('a unit made from an init script is %s by its link, whatever systemd says', (enabled, boots) => {
  const service =
    'Id=keepalived.service LoadState=loaded ActiveState=active UnitFileState=generated FragmentPath=/run/systemd/generator.late/keepalived.service';
  const facts = parseFacts(
    'here',
    answer('begin\tsystemctl', ...service.split(' '), 'end\tsystemctl', ...boots),
  );
  expect(facts.services.keepalived).toMatchObject({ enabled, active: 'active' });
});

test.each([
  [['libcrypto.so.3', 'libcrypto.so.3.0.7', 'libcrypto.so.1.1', 'libcrypto.so.1.1.1k'], '3'],
  [['libcrypto.so.10', 'libcrypto.so.1.0.2k'], '10'],
  [['libcrypto.so.1.1.1k', 'libcrypto.so.1.1'], '1.1'],
  [[], null],
])('of the libraries %j OpenSSL is %j', (names, openssl) => {
  const facts = parseFacts('here', answer(...names.map((name) => `library\t${name}`)));
  expect(facts.libraries.openssl).toBe(openssl);
});
