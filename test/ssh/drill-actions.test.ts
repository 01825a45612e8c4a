/** What a drill leaves on a host, by the sh that runs there, below a directory of the test's own. */

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Fault } from '../../src/model/fault.ts';
import { hostScript } from '../../src/base/host-script.ts';
import { breakOnPurpose, endDrill, restore } from '../../src/ssh/drill-actions.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'haup-drills-'));
  for (const name of ['bin', 'run', 'tmpfiles.d', 'state']) mkdirSync(`${root}/${name}`);
  const fake = (name: string, more = ''): void => {
    writeFileSync(
      `${root}/bin/${name}`,
      `#!/bin/sh\necho "${name} $*" | tr -d '\\n' >> ${root}/called\n${more}echo >> ${root}/called\n`,
    );
    chmodSync(`${root}/bin/${name}`, 0o755);
  };
  fake('systemctl');
  fake('systemd-run', `for last; do :; done; printf %s "$last" > ${root}/armed\n`);
});
afterEach(() => rmSync(root, { recursive: true }));

const here = (script: string): string =>
  script
    .replaceAll('/run/haup', `${root}/run/haup`)
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
const stop: Fault = { kind: 'stop', service: 'keepalived' };
const drain: Fault = { kind: 'drain' };
/** What the timer that was armed last runs. */
const armed = (): string => readFileSync(`${root}/armed`, 'utf8');

test('a drill tells of itself until it has been undone', () => {
  run(breakOnPurpose({ do: 'break', ...about(stop, 'haup-stop-51-a') }).script);
  expect(called()).toMatch(/systemd-run .*--unit=haup-stop-51-a .*\n.*stop keepalived\.service/);
  expect(left()).toBe('stop');
  run(restore({ do: 'restore', ...about(stop, 'haup-stop-51-a') }).script);
  expect(called()).toMatch(/start keepalived\.service\n.*stop haup-stop-51-a\.timer/);
  expect(left()).toBe('');
});

test.each(['restore', 'the timer'])(
  'when somebody else has ended the drill, %s takes nothing back',
  (who) => {
    run(breakOnPurpose({ do: 'break', ...about(stop, 'haup-stop-51-a') }).script);
    const dead = armed();
    run(endDrill().script);
    expect(called()).toMatch(/stop haup-stop-\*\.timer .*\n.*start keepalived\.service/);
    called();
    if (who === 'restore') run(restore({ do: 'restore', ...about(stop, 'haup-stop-51-a') }).script);
    else sh(dead);
    expect(called()).not.toMatch(/start/);
  },
);

test('the timer of an earlier drill does not undo a later one', () => {
  run(breakOnPurpose({ do: 'break', ...about(stop, 'haup-stop-51-a') }).script);
  const dead = armed();
  run(breakOnPurpose({ do: 'break', ...about(stop, 'haup-stop-51-b') }).script);
  called();
  sh(dead);
  expect(called()).toBe('');
});

test('a drain of a drill is ended by its timer, by the next owner of the lock, and by a boot', () => {
  const begin = (): string => {
    run(breakOnPurpose({ do: 'break', ...about(drain, 'haup-drain-51-a') }).script);
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

test('the timer carries its script through systemd: one line, and nothing that systemd expands', () => {
  run(breakOnPurpose({ do: 'break', ...about(drain, 'haup-drain-51-a') }).script);
  expect(armed()).not.toMatch(/\n|\$\{|\$\$/);
});
