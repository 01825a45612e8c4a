/** What is asked of systemd, in a real shell, with a systemctl that only notes it. */

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Action } from '../../src/model/action.ts';
import { service } from '../../src/ssh/service-actions.ts';
import { scratchDirectory } from '../scratch.ts';
import { shells } from '../shells.ts';

type Verb = Extract<Action, { do: 'service' }>['verb'];

describe.each(shells)('by %s', (_shell, program, args) => {
  /**
   * Runs the script of a verb. `active`: what is-active says first, and after each verb that has an answer of its own;
   * `unread`: files were swapped before.
   */
  function asked(
    verb: Verb,
    active: Readonly<{ first: string } & Partial<Record<'reload' | 'restart' | 'start', string>>>,
    unread = false,
  ): { readonly verbs: string; readonly code: number | null } {
    const dir = scratchDirectory();
    const state = join(dir, 'state');
    const calls = join(dir, 'calls');
    writeFileSync(state, active.first);
    writeFileSync(calls, '');
    const become = (['reload', 'restart', 'start'] as const)
      .map(
        (name) =>
          `${name}) echo ${name} >> ${calls}; ${active[name] === undefined ? '' : `echo ${active[name]} > ${state};`} ;;`,
      )
      .join('\n');
    writeFileSync(
      join(dir, 'systemctl'),
      `#!/bin/sh
case $1 in
is-active) cat ${state} ;;
is-system-running) echo running ;;
show) case $* in *MainPID*) if [ "$(cat ${state})" = active ]; then echo MainPID=1; else echo MainPID=0; fi ;; *) echo LoadState=loaded ;; esac ;;
${become}
esac
`,
    );
    for (const name of ['journalctl', 'sleep']) writeFileSync(join(dir, name), '#!/bin/sh\n');
    for (const name of ['systemctl', 'journalctl', 'sleep']) chmodSync(join(dir, name), 0o755);
    const mark = join(dir, 'haup.unread.keepalived');
    if (unread) writeFileSync(mark, '');
    const { script } = service({ do: 'service', service: 'keepalived', verb });
    const { status } = spawnSync(program, [...args, '-c', script.replaceAll('/run/haup', `${dir}/haup`)], {
      env: { ...process.env, PATH: `${dir}:${process.env['PATH']}` },
    });
    if (status === 0) expect(existsSync(mark)).toBe(false);
    return { verbs: readFileSync(calls, 'utf8').trim().split('\n').join(' '), code: status };
  }

  test.each<[string, Verb, Parameters<typeof asked>[1], boolean, string, number]>([
    ['a daemon that runs reads its files', 'reload', { first: 'active' }, true, 'reload', 0],
    ['one that does not is started', 'reload', { first: 'inactive', restart: 'active' }, true, 'restart', 0],
    ['so is one that failed', 'reload', { first: 'failed', restart: 'active' }, true, 'restart', 0],
    [
      'and one that systemd starts again and again, at once',
      'start',
      { first: 'activating', restart: 'active' },
      true,
      'restart',
      0,
    ],
    [
      'one that ends as it reads them is started with them',
      'reload',
      { first: 'active', reload: 'activating', restart: 'active' },
      true,
      'reload restart',
      0,
    ],
    [
      'one that never stays is a failure',
      'reload',
      { first: 'active', reload: 'activating', restart: 'activating' },
      true,
      'reload restart',
      1,
    ],
    ['one that came back meanwhile reads its files', 'start', { first: 'active' }, true, 'reload', 0],
    ['one that has read them is left alone', 'start', { first: 'active' }, false, '', 0],
    ['a restart is one, whatever it finds', 'restart', { first: 'active' }, true, 'restart', 0],
  ])('%s', (_what, verb, active, unread, verbs, code) => {
    expect(asked(verb, active, unread)).toEqual({ verbs, code });
  });
});
