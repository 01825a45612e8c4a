/** What a drill leaves on a host, by the sh that runs there, below a directory of the test's own. */

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { DrillName, Fault } from '../../src/model/fault.ts';
import { hostScript } from '../../src/base/host-script.ts';
import { breakOnPurpose, endDrill, restore } from '../../src/ssh/drill-actions.ts';
import { scratchDirectory } from '../scratch.ts';

let root: string;
const fake = (name: string, more = ''): void => {
  writeFileSync(
    `${root}/bin/${name}`,
    `#!/bin/sh\necho "${name} $*" | tr -d '\\n' >> ${root}/called\n${more}echo >> ${root}/called\n`,
  );
  chmodSync(`${root}/bin/${name}`, 0o755);
};
beforeEach(() => {
  root = scratchDirectory();
  for (const name of ['bin', 'run', 'tmpfiles.d', 'state']) mkdirSync(`${root}/${name}`);
  fake('systemctl');
  fake(
    'systemd-run',
    `for last; do :; done; case "$*" in *"/bin/sh "*) cat "$last" > ${root}/armed ;; esac\n`,
  );
});

const here = (script: string): string =>
  script
    .replaceAll('/run/', `${root}/run/`)
    .replaceAll('/var/lib/haup', `${root}/state`)
    .replaceAll('/etc/tmpfiles.d', `${root}/tmpfiles.d`);
const sh = (script: string): string =>
  execFileSync('sh', ['-c', script], {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${root}/bin:${process.env['PATH']}` },
  });
const run = (script: string): string => sh(here(script));
const called = (): string => {
  const text = existsSync(`${root}/called`) ? readFileSync(`${root}/called`, 'utf8') : '';
  rmSync(`${root}/called`, { force: true });
  return text;
};
const drained = (): string => readFileSync(`${root}/state/drain`, 'utf8').trim();
const left = (): string => run(`${hostScript('left-drill')}left_drill`).trim();
const about = (fault: Fault, unit: string) => ({ fault, deadMan: { unit, seconds: 35 } });
const stop: Fault = { kind: 'stop' };
const drain: Fault = { kind: 'drain' };
/** What the timer that was armed last runs. */
const armed = (): string => readFileSync(`${root}/armed`, 'utf8');

test('a drill tells of itself until it has been undone', () => {
  run(breakOnPurpose({ do: 'break', ...about(stop, 'haup-drill-stop-51-a') }).script);
  expect(called()).toMatch(/systemd-run .*--unit=haup-drill-stop-51-a .*\n.*stop keepalived\.service/);
  expect(left()).toBe('stop');
  run(restore({ do: 'restore', ...about(stop, 'haup-drill-stop-51-a') }).script);
  expect(called()).toMatch(/start keepalived\.service\n.*stop haup-drill-stop-51-a\.timer/);
  expect(left()).toBe('');
});

test.each(['restore', 'the timer'])(
  'when somebody else has ended the drill, %s takes nothing back',
  (who) => {
    run(breakOnPurpose({ do: 'break', ...about(stop, 'haup-drill-stop-51-a') }).script);
    const dead = armed();
    run(endDrill().script);
    expect(called()).toMatch(/stop haup-drill-\*\.timer .*\n.*start keepalived\.service/);
    called();
    if (who === 'restore') run(restore({ do: 'restore', ...about(stop, 'haup-drill-stop-51-a') }).script);
    else sh(dead);
    expect(called()).not.toMatch(/start/);
  },
);

test('the timer of an earlier drill does not undo a later one', () => {
  run(breakOnPurpose({ do: 'break', ...about(stop, 'haup-drill-stop-51-a') }).script);
  const dead = armed();
  run(breakOnPurpose({ do: 'break', ...about(stop, 'haup-drill-stop-51-b') }).script);
  called();
  sh(dead);
  expect(called()).toBe('');
});

test('a drain of a drill is ended by its timer, by the next owner of the lock, and by a boot', () => {
  const begin = (): string => {
    run(breakOnPurpose({ do: 'break', ...about(drain, 'haup-drill-drain-51-a') }).script);
    expect([drained(), left()]).toEqual(['-253', 'drain']);
    called();
    return armed();
  };
  sh(begin());
  expect([drained(), left()]).toEqual(['0', '']);
  begin();
  run(endDrill().script);
  expect([drained(), left()]).toEqual(['0', '']);
  begin();
  // As a boot finds it: what lay in /run is gone.
  rmSync(`${root}/run`, { recursive: true });
  mkdirSync(`${root}/run`);
  expect(left()).toBe('drain');
  const made = spawnSync('systemd-tmpfiles', ['--boot', '--remove', `${root}/tmpfiles.d/haup-drill.conf`]);
  expect(made.stderr.toString()).toBe('');
  expect(existsSync(`${root}/state/drain`)).toBe(false);
  expect(left()).toBe('');
});

test('where there is no drill, ending it changes nothing', () => {
  mkdirSync(`${root}/state`, { recursive: true });
  writeFileSync(`${root}/state/drain`, '-253\n');
  run(endDrill().script);
  expect(drained()).toBe('-253');
  expect(called()).not.toMatch(/start/);
});

describe('every fault', () => {
  const faultOf = (kind: DrillName): Fault => (kind === 'link' ? { kind, interface: 'ens33' } : { kind });
  const expected: Readonly<Record<DrillName, readonly [breaks: RegExp, restores: RegExp]>> = {
    stop: [/systemctl stop keepalived/, /systemctl start keepalived/],
    drain: [/^/, /^/],
    nginx: [/kill --signal=KILL nginx\.service\n.*systemctl stop nginx/, /systemctl start nginx/],
    crash: [/kill --signal=KILL keepalived/, /systemctl start keepalived/],
    hang: [/kill --signal=STOP nginx/, /kill --signal=CONT nginx/],
    link: [
      /is-active --quiet haup-drill-link-51-a\.timer\n(.*\n)*.*--unit=haup-drill-link-51-a-cut .*ip link set dev ens33 down/,
      /ip link set dev ens33 up\n.*ip -6 addr replace 2001:db8::5\/64 dev ens33 nodad\n.*ip -4 route replace default via 10\.0\.0\.1 dev ens33\n/,
    ],
    reboot: [/--unit=haup-drill-reboot-51-a-cut .*systemctl reboot/, /^/],
    'vrrp-block': [
      /haup_drill input .*drop\n(.*\n)*.*haup_drill output .*drop/,
      /nft delete table inet haup_drill/,
    ],
    'vrrp-block-out': [/haup_drill output .*drop/, /nft delete table inet haup_drill/],
    'vrrp-block-in': [/haup_drill input .*drop/, /nft delete table inet haup_drill/],
  };
  beforeEach(() => {
    fake(
      'ip',
      'case "$*" in "-4 route show"*) echo "default via 10.0.0.1"; echo "10.0.0.0/24 proto kernel scope link" ;; *"addr show"*) echo "2: ens33 inet6 2001:db8::5/64 scope global" ;; esac\n',
    );
    fake('nft', 'case "$1" in list) exit 1 ;; esac\n');
  });

  const all = Object.entries(expected).map(
    ([name, [breaks, restores]]) => [name as DrillName, breaks, restores] as const,
  );
  test.each(all)(
    '%s is undone by the drill, by its timer, and by the next owner of the lock',
    (name, breaks, restores) => {
      const fault = faultOf(name);
      const unit = `haup-drill-${name}-51-a`;
      const undo = {
        drill: () => run(restore({ do: 'restore', ...about(fault, unit) }).script),
        timer: () => sh(armed()),
        owner: () => run(endDrill().script),
      };
      for (const undone of Object.values(undo)) {
        run(breakOnPurpose({ do: 'break', ...about(fault, unit) }).script);
        expect(called()).toMatch(breaks);
        expect(left()).toBe(name);
        undone();
        expect(called()).toMatch(restores);
        expect(left()).toBe('');
      }
    },
  );

  test('adverts are not dropped on a host without nft and iptables, and nothing is recorded', () => {
    const bare = { ...process.env, PATH: `${root}/empty` };
    mkdirSync(`${root}/empty`);
    const { script, meaning } = breakOnPurpose({
      do: 'break',
      ...about({ kind: 'vrrp-block' }, 'haup-drill-vrrp-block-51-a'),
    });
    const { status } = spawnSync('/bin/sh', ['-c', here(script)], { env: bare });
    expect(meaning?.[status ?? 0]?.message).toMatch(/neither nft nor iptables/);
    expect(left()).toBe('');
  });
});
