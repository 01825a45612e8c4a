import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startMark, sudoMark, type Wrapping, wrap } from '../../src/ssh/shell.ts';
import { quote } from '../../src/base/quote.ts';
import { hangMs } from '../limits.ts';

const text = fc.string({ unit: 'binary', maxLength: 40 }).filter((value) => !value.includes('\0'));

describe('quote', () => {
  test('a shell reads what was written, whatever it is', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 40 }), (words) => {
        const { stdout } = spawnSync('/bin/sh', ['-c', `printf '%s\\0' ${words.map(quote).join(' ')}`]);
        expect(stdout.toString('utf8')).toBe(words.map((word) => `${word}\0`).join(''));
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    ['', "''"],
    ['/etc/nginx/nginx.conf', '/etc/nginx/nginx.conf'],
    ["it's", "'it'\\''s'"],
    ['A=b', "'A=b'"],
    ['~', "'~'"],
    ['$(reboot)', "'$(reboot)'"],
  ])('%j is %s', (word, quoted) => expect(quote(word)).toBe(quoted));

  test('NUL is refused', () => expect(() => quote('a\0b')).toThrow(RangeError));
});

const plain: Wrapping = { root: 'no', limitSeconds: 10, lifeline: false };

/** As sshd does it: the login shell gets the command after -c. */
function runBy(
  shell: readonly string[],
  script: string,
  wrapping: Wrapping = plain,
  input: string | Buffer = '',
) {
  const [program = '', ...args] = shell;
  const { status, stdout, stderr } = spawnSync(program, [...args, '-c', wrap(script, wrapping)], { input });
  return { status, out: afterMark(stdout.toString()), err: afterMark(stderr.toString()) };
}

function afterMark(output: string): string | null {
  const at = output.indexOf(startMark);
  return at < 0 ? null : output.slice(at + startMark.length);
}

// csh, fish and zsh are tried where they are installed; what they need holds for the others, too.
const loginShells = [
  ['/bin/sh'],
  ['/bin/bash'],
  ['/bin/dash'],
  ['/bin/zsh'],
  ['/bin/ksh'],
  ['/bin/tcsh'],
  ['/usr/bin/fish'],
  ['/bin/busybox', 'sh'],
];

describe.each(loginShells.filter(([program]) => existsSync(program ?? '')))(
  'a login shell %s',
  (...shell) => {
    test('runs any script by sh', () => {
      fc.assert(
        fc.property(text, fc.nat(255), (word, code) => {
          expect(runBy(shell, `printf %s ${quote(word)}\nexit ${code}`)).toEqual({
            status: code,
            out: word,
            err: '',
          });
        }),
        { numRuns: 15 },
      );
    });

    test('csh, fish and history find nothing to read', () => {
      const script = 'cat <<\'EOF\'\n!! !x \\\' \\\\ "$HOME" `date` %b \\0101\n\tä\nEOF\necho "$1|$#" >&2';
      expect(runBy(shell, script)).toEqual({
        status: 0,
        out: '!! !x \\\' \\\\ "$HOME" `date` %b \\0101\n\tä\n',
        err: '|0\n',
      });
    });

    test('passes stdin on', () => {
      const input = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
      expect(runBy(shell, 'sha256sum', plain, input)).toEqual(runBy(['/bin/sh'], 'sha256sum', plain, input));
    });
  },
);

describe('wrap', () => {
  test('leaves no login shell anything to interpret, be it installed here or not', () => {
    fc.assert(
      fc.property(text, fc.constantFrom('no', 'free', 'password'), fc.boolean(), (script, root, lifeline) => {
        const command = wrap(script, { root, limitSeconds: 10, lifeline });
        // Nothing that csh, fish or a locale reads in single quotes, and no quote within them.
        expect(command).toMatch(/^exec sh -c '[ -&(-[\]-~]*' haup(?: '(?:[ -&(-[\]-~]|\\0[0-3][0-7]{2})*')$/);
        expect(command).not.toContain('!');
      }),
    );
  });

  test('a script finds the same everywhere', () => {
    const { out } = runBy(
      ['/bin/sh'],
      'pwd; umask; echo "$LC_ALL"; case $PATH in *:/usr/sbin:/sbin) echo ok ;; esac',
    );
    expect(out).toBe('/\n0022\nC\nok\n');
  });

  test('the limit ends the whole family', () => {
    const started = performance.now();
    expect(runBy(['/bin/sh'], 'sleep 61.5 & sleep 61.5', { ...plain, limitSeconds: 1 }).status).toBe(124);
    expect(performance.now() - started).toBeLessThan(hangMs(10_000));
    expect(spawnSync('pgrep', ['-fx', 'sleep 61.5']).stdout.toString()).toBe('');
  });

  test('works without timeout(1), too', () => {
    const wrapped = wrap('echo here; exit 4', plain).replaceAll(
      'command -v timeout',
      'command -v no-timeout',
    );
    const { status, stdout } = spawnSync('/bin/sh', ['-c', wrapped]);
    expect({ status, out: afterMark(stdout.toString()) }).toEqual({ status: 4, out: 'here\n' });
  });

  test('without its lifeline a command ends', async () => {
    const child = spawn('/bin/sh', [
      '-c',
      wrap('echo up; sleep 62.5; echo down', { ...plain, lifeline: true }),
    ]);
    const ended = new Promise((resolve) => child.on('close', resolve));
    await new Promise((resolve) =>
      child.stdout.on('data', (chunk: Buffer) => chunk.includes('up') && resolve(null)),
    );
    const since = performance.now();
    child.stdin.end();
    await ended;
    expect(performance.now() - since).toBeLessThan(hangMs(10_000));
    expect(spawnSync('pgrep', ['-fx', 'sleep 62.5']).stdout.toString()).toBe('');
  });

  test('with its lifeline a command ends by itself', async () => {
    const child = spawn('/bin/sh', ['-c', wrap('cat; echo over; exit 7', { ...plain, lifeline: true })]);
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect({ code, out: afterMark(out) }).toEqual({ code: 7, out: 'over\n' });
  });

  test('root needs no sudo', () => {
    expect(runBy(['/bin/sh'], 'id -u', { ...plain, root: 'free' })).toEqual({
      status: 0,
      out: '0\n',
      err: '',
    });
  });

  test('who is not root is told apart from a shell that does nothing', () => {
    const wrapped = wrap('id -u', { ...plain, root: 'free' })
      .replace('= 0 ]', '= 9 ]')
      .replace('sudo -n', 'false -n');
    const { stderr, stdout } = spawnSync('/bin/sh', ['-c', wrapped]);
    expect({ err: stderr.toString(), out: stdout.toString() }).toEqual({ err: sudoMark, out: '' });
  });

  test('a script that no argument can hold is refused here', () => {
    expect(() => wrap('x'.repeat(130_000), plain)).toThrow(RangeError);
  });
});
