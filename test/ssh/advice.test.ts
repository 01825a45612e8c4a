import { describe, expect, test } from 'vitest';
import type { FileWant } from '../../src/model/desired.ts';
import { adviceOn, adviceOnConfig, telling, withLines } from '../../src/ssh/advice.ts';

describe('which lines tell why', () => {
  test('of a package manager those that it calls errors, each once', () => {
    const output =
      'Reading package lists...\nErr:3 file:/pool\nReading package lists...\nE: Unable to locate package x\nE: Unable to locate package x\n';
    expect(telling('PACKAGES_FAILED', output)).toEqual(['E: Unable to locate package x']);
  });

  test('of a yum without mirrors what it asked for, and that there is none', () => {
    const output = `Loaded plugins: fastestmirror
Could not retrieve mirrorlist http://lists.example.org/?release=7 error was
14: curl#6 - "Could not resolve host: lists.example.org; Unknown error"


 One of the configured repositories failed (Unknown),
Cannot find a valid baseurl for repo: base/7/x86_64\n`;
    expect(telling('PACKAGES_FAILED', output)).toEqual([
      'Could not retrieve mirrorlist http://lists.example.org/?release=7 error was',
      'Cannot find a valid baseurl for repo: base/7/x86_64',
    ]);
  });

  test('of a package manager without such a line the last ones', () => {
    expect(telling('PACKAGES_FAILED', 'one\n\ntwo\n')).toEqual(['one', 'two']);
  });

  test('of a compiler from its first error on', () => {
    const output = `cc -c a.c\na.c:1:2: error: no\n${'consequence\nmore\n'.repeat(20)}make: *** Error 1\n`;
    const lines = telling('MAKE_FAILED', output);
    expect(lines[0]).toBe('a.c:1:2: error: no');
    expect(lines).toHaveLength(15);
    expect(telling('MAKE_FAILED', 'cc: Killed\nmake: *** Error 1\n')).toEqual([
      'cc: Killed',
      'make: *** Error 1',
    ]);
  });

  test('at most 15, no line twice in a row, nothing that is for the log alone', () => {
    const output = `${Array.from({ length: 30 }, (_, index) => `line ${index}`).join('\n')}\n| aside\nlast\nlast\n`;
    const lines = telling('MAKE_FAILED', output);
    expect(lines).toHaveLength(15);
    expect(lines.slice(-2)).toEqual(['line 29', 'last']);
  });
});

test.each([
  [
    'PACKAGES_FAILED',
    "E: Package 'libpcre3-dev' has no installation candidate",
    /nginx\.version to 1\.22\.1/,
  ],
  ['PACKAGES_FAILED', 'E: Could not get lock', /its lock/],
  ['PACKAGES_FAILED', 'mkdtemp failed (30: Read-only file system)', /findmnt -O ro.*remount/],
  ['COMMAND_FAILED', 'mkdir: cannot create: Read-only file system', /findmnt -O ro.*remount/],
  [
    'PACKAGES_FAILED',
    'Could not retrieve mirrorlist http://lists.example.org/?release=7&arch=x86_64&repo=os error was\n14: curl#6 - "Could not resolve host"',
    /vault: true/,
  ],
  ['PACKAGES_FAILED', 'Cannot find a valid baseurl for repo: base/7/x86_64', /vault: true/],
  [
    'PACKAGES_FAILED',
    "Error: Failed to download metadata for repo 'appstream': Cannot prepare internal mirrorlist: No URLs in mirrorlist",
    /vault: true/,
  ],
  // A Rocky without a name server is in no need of a vault.
  ['PACKAGES_FAILED', 'Cannot find a valid baseurl for repo: baseos/9/x86_64', /its sources/],
  ['DOWNLOAD_FAILED', 'curl: (6) Could not resolve host', /fetch: controller/],
  ['CONFIGURE_FAILED', 'gzip: stdin: not in gzip format', /urls: and sha256:/],
  ['CONFIGURE_FAILED', './configure: error: invalid option "--x"', /configure: in the inventory/],
  ['MAKE_FAILED', '', /has the whole build/],
  ['SERVICE_FAILED', 'bind() to 0.0.0.0:80 failed (98: Address already in use)', /ss -ltnp/],
  ['SERVICE_FAILED', '', /journalctl/],
] as const)('%s: what to do next', (code, output, hint) => {
  expect(adviceOn(code, output)).toMatch(hint);
});

const file = (path: string, text: string): FileWant => ({
  path,
  bytes: Buffer.from(text),
  mode: 0o644,
  owner: 'root:root',
  secret: false,
});

describe('a complaint and the line that it is about', () => {
  test('of nginx', () => {
    const complaint = 'nginx: [emerg] unknown directive "retrun" in /c/site.conf:2';
    expect(withLines([complaint], [file('/c/site.conf', 'server {\n  retrun 200;\n}\n')])).toEqual([
      complaint,
      '  2 | retrun 200;',
    ]);
  });

  test('of keepalived, without its password', () => {
    const complaint = '(/etc/keepalived/keepalived.conf: Line 2) Truncating auth_pass to 8 characters';
    const files = [file('/etc/keepalived/keepalived.conf', 'authentication {\n  auth_pass secret-word\n}\n')];
    expect(withLines([complaint], files)).toEqual([complaint, '  2 | auth_pass ***']);
  });

  test('of a file that is not in the set, and of none', () => {
    const complaints = ['[emerg] no "x" in /else/where.conf:3', 'Terminated'];
    expect(withLines(complaints, [file('/c/site.conf', 'a\n')])).toEqual(complaints);
  });
});

test('scripts that others can change have an advice of their own', () => {
  expect(adviceOnConfig('keepalived', ['Disabling track script haup_check_nginx due to insecure'])).toMatch(
    /write permission for group and others/,
  );
  expect(adviceOnConfig('keepalived', ['Unknown keyword'])).toMatch(/Fix the inventory/);
  expect(adviceOnConfig('nginx', ['unknown directive'])).toMatch(/site file/);
});
