import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { keptFiles, keptStatesOf } from '../../src/facts/kept-states.ts';
import type { PlacedRule } from '../../src/model/firewall-rules.ts';
import type { KeptPaths, KeptState } from '../../src/model/kept-state.ts';
import type { Host } from '../../src/model/host.ts';
import type { RemoteJob } from '../../src/ssh/remote-job.ts';
import { keepState, restoreBuild } from '../../src/ssh/keep-state.ts';
import { putProgram, scratchDirectory } from '../scratch.ts';

let root: string;
beforeEach(() => {
  root = scratchDirectory();
});

/** Runs sh as a host would, with haup's directories below `root`. */
const here = (script: string): string =>
  script.replaceAll('/var/lib/haup', `${root}/state`).replaceAll('/run/haup', `${root}/haup`);
const sh = (script: string, stdin = ''): Buffer =>
  execFileSync('/bin/sh', ['-c', here(script)], {
    input: stdin,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
const host = { name: 'a', read: async (script: string) => sh(script) } as unknown as Host;
const forever = new AbortController().signal;
const states = async (): Promise<readonly KeptState[]> => (await keptStatesOf(host, forever)).states;

const put = (path: string, text: string, mode = 0o644): void => {
  mkdirSync(dirname(`${root}/${path}`), { recursive: true });
  writeFileSync(`${root}/${path}`, text);
  chmodSync(`${root}/${path}`, mode);
};
/** As place-build and the writes do: a new file takes the place of the old one. */
const replace = (path: string, text: string, mode = 0o644): void => {
  rmSync(`${root}/${path}`, { force: true });
  put(path, text, mode);
};
const program = (version: string): string =>
  `#!/bin/sh\necho 'nginx version: nginx/${version}' >&2\necho 'configure arguments: --prefix=x --with-${version}' >&2\n`;
const nginx = (): KeptPaths => ({
  service: 'nginx',
  binary: `${root}/p/sbin/nginx`,
  prefix: `${root}/p`,
  entry: `${root}/etc/nginx.conf`,
  files: [`${root}/etc/nginx.conf`, `${root}/etc/new.conf`, `${root}/etc/d/page/index.html`],
  owns: [`${root}/etc/d`],
  unit: `${root}/unit`,
});
const keeping = (
  run = 'r1',
  paths: readonly KeptPaths[] = [nginx()],
  firewall: readonly PlacedRule[] = [],
): RemoteJob => {
  const label = {
    run,
    who: 'ana',
    when: '2026',
    why: 'haup apply',
    inventory: 'i',
    changes: ['reload nginx'],
  };
  return keepState({ do: 'keep-state', label, services: paths, firewall });
};
const keep = (...what: Parameters<typeof keeping>): void => {
  const job = keeping(...what);
  sh(job.script, Buffer.from(job.stdin ?? []).toString());
};
const restore = (state: number | 'newest'): void => {
  sh(restoreBuild({ do: 'restore-build', service: 'nginx', state }).script);
};
const list = (): string => `${root}/state/installed.nginx${`${root}/p`.replaceAll('/', '%')}`;

beforeEach(() => {
  put('etc/nginx.conf', 'one\n', 0o640);
  put('etc/d/site.conf', 'site\n');
  put('etc/d/page/index.html', '<p>\n');
  put('p/sbin/nginx', program('1.22.1'), 0o755);
  put('p/modules/a.so', 'old module');
  put('p/conf/mime.types', 'types');
  put('p/.haup-build.nginx', 'stamp-1');
  put('state/x', '');
  writeFileSync(
    list(),
    [`${root}/p/sbin/nginx`, `${root}/p/modules/a.so`, `${root}/p/conf/mime.types`, ''].join('\n'),
  );
});

describe('a state', () => {
  test('has every path as it was, with bytes, modes and programs, and whose it is', async () => {
    keep();
    const [state] = await states();
    expect(state).toMatchObject({
      number: 1,
      label: { run: 'r1', who: 'ana', changes: ['reload nginx'] },
      builds: {
        keepalived: null,
        nginx: {
          kept: true,
          software: { version: '1.22.1', stamp: 'stamp-1', configure: ['--prefix=x', '--with-1.22.1'] },
        },
      },
    });
    expect(
      Object.fromEntries(
        Object.entries(state?.files ?? {}).map(([path, fact]) => [path.slice(root.length), fact.state]),
      ),
    ).toEqual({
      '/etc/nginx.conf': 'present',
      '/etc/new.conf': 'absent',
      '/etc/d/page/index.html': 'present',
      '/etc/d/site.conf': 'present',
      '/unit': 'absent',
    });
    expect(state?.files[`${root}/etc/nginx.conf`]).toMatchObject({ mode: 0o640 });
    const files = await keptFiles(host, 1, forever);
    expect(Buffer.from(files.get(`${root}/etc/nginx.conf`) ?? []).toString()).toBe('one\n');
    expect(files.size).toBe(3);
  });

  test("has haup's rules in the firewall of then, and passes over what is none", async () => {
    const firewall: readonly PlacedRule[] = [
      { at: 'inet house input', rule: { kind: 'vrrp', from: '10.0.0.2', to: '224.0.0.18' } },
      { at: 'inet house input', rule: { kind: 'tcp', port: 80 } },
    ];
    keep('r1', [nginx()], firewall);
    expect((await states())[0]?.firewall).toEqual(firewall);
    const about = `${root}/state/history/1/about`;
    const text = readFileSync(about, 'utf8');
    writeFileSync(about, text.replace('"tcp 80"', '"tcp 80; reboot"'));
    expect((await states())[0]?.firewall).toEqual(firewall.slice(0, 1));
    writeFileSync(about, text.replace(/,"firewall":.*/, '}'));
    expect((await states())[0]?.firewall).toEqual([]);
  });

  test('is for root alone, and so is all above it', () => {
    keep();
    for (const path of ['history', 'history/1', 'history/builds'])
      expect(statSync(`${root}/state/${path}`).mode & 0o077).toBe(0);
  });

  test('takes no room for a program: it is a further link, which a new program does not touch', async () => {
    keep();
    const id = (await states())[0]?.builds.nginx?.id ?? '';
    const link = `${root}/state/history/builds/nginx.${id}${root}/p/sbin/nginx`;
    expect(statSync(link).ino).toBe(statSync(`${root}/p/sbin/nginx`).ino);
    replace('p/sbin/nginx', program('1.26.3'), 0o755);
    expect(readFileSync(link, 'utf8')).toBe(program('1.22.1'));
  });

  test('on another file system than the program has a copy of it', async () => {
    mkdirSync(`${root}/bin`);
    // Some are linked by then.
    putProgram(`${root}/bin/cp`, 'PATH=/usr/bin:/bin; cp "$@"; case " $* " in *" -dpl "*) exit 1 ;; esac');
    const job = keeping();
    sh(`PATH=${root}/bin:$PATH\n${job.script}`, Buffer.from(job.stdin ?? []).toString());
    const id = (await states())[0]?.builds.nginx?.id ?? '';
    const kept = `${root}/state/history/builds/nginx.${id}${root}/p`;
    expect(readFileSync(`${kept}/sbin/nginx`, 'utf8')).toBe(program('1.22.1'));
    for (const path of [`${kept}/sbin/nginx`, `${root}/p/sbin/nginx`]) expect(statSync(path).nlink).toBe(1);
    expect(statSync(`${kept}/sbin/nginx`).mode & 0o777).toBe(0o755);
  });

  test('starts no more processes for a hundred sites than for one', () => {
    // A process namespace of its own numbers processes one after the other.
    const processes = (): number => {
      const job = keeping();
      const { script } = job;
      writeFileSync(`${root}/script`, here(script));
      const text = `sh ${root}/script; sh -c 'echo $$'`;
      const alone = ['--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', text];
      return Number(execFileSync('unshare', alone, { input: job.stdin, encoding: 'utf8' }));
    };
    const few = processes();
    for (let site = 0; site < 100; site++) put(`etc/d/${site}.conf`, `${site}\n`);
    expect(processes()).toBeLessThanOrEqual(few + 5);
    expect(few).toBeLessThanOrEqual(75);
  });

  test('equal to the last one is not kept again, but takes its label', async () => {
    keep('r1');
    keep('r2');
    expect((await states()).map(({ number, label }) => [number, label.run])).toEqual([[1, 'r2']]);
  });

  test('is one of five; what older ones alone needed goes', async () => {
    for (let turn = 0; turn < 8; turn++) {
      replace('etc/nginx.conf', `${turn}\n`);
      if (turn === 1) replace('p/sbin/nginx', program('1.26.3'), 0o755);
      keep(`r${turn}`);
    }
    const kept = await states();
    expect(kept.map(({ number }) => number)).toEqual([8, 7, 6, 5, 4]);
    expect(new Set(kept.map(({ builds }) => builds.nginx?.software.version))).toEqual(new Set(['1.26.3']));
    expect(
      execFileSync('ls', [`${root}/state/history/builds`], { encoding: 'utf8' })
        .trim()
        .split('\n'),
    ).toHaveLength(1);
  });

  test.each([
    ['files that a daemon has not read', () => put('haup.unread.nginx', '')],
    ['a program that is half in place', () => replace('p/.haup-build.nginx', 'unfinished')],
  ])('with %s is none: the one before stays the last', async (_name, cut) => {
    keep('r1');
    replace('etc/nginx.conf', 'half\n');
    cut();
    keep('r2');
    expect((await states()).map(({ number, label }) => [number, label.run])).toEqual([[1, 'r1']]);
  });

  test('whose metadata is damaged is named, and hides none of the others', async () => {
    keep('r1');
    replace('etc/nginx.conf', 'two\n', 0o640);
    keep('r2');
    replace('etc/nginx.conf', 'three\n', 0o640);
    keep('r3');
    for (const damage of ['{', '{"label":{}}', '']) {
      replace('state/history/2/about', damage);
      const { states: readable, unreadable } = await keptStatesOf(host, forever);
      expect(readable.map(({ number }) => number)).toEqual([3, 1]);
      expect(unreadable).toEqual([2]);
    }
  });

  test('that cannot be kept leaves nothing behind', () => {
    expect(() =>
      keep('r1', [{ ...nginx(), files: [`${root}/etc/nginx.conf/below`], binary: `${root}/p/sbin/nginx` }]),
    ).not.toThrow();
    mkdirSync(`${root}/state/history/9`, { recursive: true });
    // A file where a directory must be.
    rmSync(`${root}/state/history/builds`, { recursive: true });
    writeFileSync(`${root}/state/history/builds`, '');
    expect(() => keep('r2')).toThrow();
    expect(existsSync(`${root}/state/history/new`)).toBe(false);
  });

  test('for which the disk has no room is named as such, wherever the room ends', () => {
    const job = keeping();
    writeFileSync(`${root}/script`, here(job.script));
    writeFileSync(`${root}/stdin`, job.stdin ?? '');
    const state = `${root}/state`;
    // Line by line: KiB, exit status, what is in the history, what was said.
    const script = `cp -a ${state} ${root}/before
for room in $(seq -f %gk 12 8 300); do
  mount -t tmpfs -o size=$room tmpfs ${state} && cp -a ${root}/before/. ${state} || exit 1
  said=$(sh ${root}/script < ${root}/stdin 2>&1); status=$?
  echo $room $status "$(cd ${state}/history 2>/dev/null && echo * builds/*)" $said
  umount ${state}
  [ $status != 0 ] || break
done`;
    const lines = execFileSync('unshare', ['--mount', 'sh', '-c', script], {
      encoding: 'utf8',
    })
      .trim()
      .split('\n');
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines.slice(0, -1)) {
      expect(line).toMatch(/^\d+k [1-9]\d* .*No space left on device/);
      expect(line).toMatch(/^\d+k \d+ builds builds\/\* /);
    }
    expect(lines.at(-1)).toMatch(/^\d+k 0 1 builds builds\/nginx\.\w+$/);
  });
});

test('a host that keeps nothing says so', async () => {
  expect(await states()).toEqual([]);
});

describe('a program that is put back', () => {
  beforeEach(() => {
    keep();
    replace('p/sbin/nginx', program('1.26.3'), 0o755);
    replace('p/modules/a.so', 'new module');
    put('p/modules/b.so', 'only in the new one');
    replace('p/conf/mime.types', 'types of the operator');
    replace('p/.haup-build.nginx', 'stamp-2');
    writeFileSync(
      list(),
      [
        `${root}/p/conf/mime.types`,
        `${root}/p/modules/a.so`,
        `${root}/p/modules/b.so`,
        `${root}/p/sbin/nginx`,
        '',
      ].join('\n'),
    );
  });

  test.each([1, 'newest'] as const)(
    'is the old one with all its files, and no configuration (%s)',
    (state) => {
      restore(state);
      expect(readFileSync(`${root}/p/sbin/nginx`, 'utf8')).toBe(program('1.22.1'));
      expect(statSync(`${root}/p/sbin/nginx`).mode & 0o777).toBe(0o755);
      expect(readFileSync(`${root}/p/modules/a.so`, 'utf8')).toBe('old module');
      expect(existsSync(`${root}/p/modules/b.so`)).toBe(false);
      expect(readFileSync(`${root}/p/conf/mime.types`, 'utf8')).toBe('types of the operator');
      expect(readFileSync(`${root}/p/.haup-build.nginx`, 'utf8')).toBe('stamp-1');
      expect(readFileSync(list(), 'utf8')).not.toContain('b.so');
      expect(execFileSync('find', [root, '-name', '*.haup-new'], { encoding: 'utf8' })).toBe('');
    },
  );

  test('comes back whole when all of it was taken away, with what is configured beside it', () => {
    mkdirSync(`${root}/p/logs`);
    mkdirSync(`${root}/state/record`, { recursive: true });
    writeFileSync(`${root}/state/record/directories`, `${root}/p\n${root}/p/logs\n${root}/p/sbin\n`);
    put('p/conf/nginx.conf', 'written by haup');
    writeFileSync(list(), `${readFileSync(list(), 'utf8')}${root}/p/conf/nginx.conf\n`);
    keep('r2', [{ ...nginx(), entry: `${root}/p/conf/nginx.conf` }]);
    rmSync(`${root}/p`, { recursive: true });
    rmSync(list());
    restore('newest');
    expect(readFileSync(`${root}/p/sbin/nginx`, 'utf8')).toBe(program('1.26.3'));
    expect(readFileSync(`${root}/p/conf/mime.types`, 'utf8')).toBe('types of the operator');
    expect(statSync(`${root}/p/logs`).isDirectory()).toBe(true);
    // That one is a file of the state, and comes back with those.
    expect(existsSync(`${root}/p/conf/nginx.conf`)).toBe(false);
    expect(readFileSync(list(), 'utf8')).toContain('p/sbin/nginx');
    // What the operator writes there is not written into what is kept.
    writeFileSync(`${root}/p/conf/mime.types`, 'edited');
    expect(execFileSync('sh', ['-c', `grep -rl edited ${root}/state || true`], { encoding: 'utf8' })).toBe(
      '',
    );
  });

  test('twice is the same as once, and the way back is kept too', () => {
    keep('r2');
    restore(1);
    restore(1);
    restore(2);
    expect(readFileSync(`${root}/p/sbin/nginx`, 'utf8')).toBe(program('1.26.3'));
    expect(readFileSync(`${root}/p/modules/b.so`, 'utf8')).toBe('only in the new one');
    expect(readFileSync(`${root}/p/.haup-build.nginx`, 'utf8')).toBe('stamp-2');
  });

  test('of a state that is not there says so and touches nothing', () => {
    expect(() => restore(7)).toThrow(/state 7 has no program of nginx/);
    expect(readFileSync(`${root}/p/sbin/nginx`, 'utf8')).toBe(program('1.26.3'));
  });
});
