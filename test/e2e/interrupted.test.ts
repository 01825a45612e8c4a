import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { figure, inLab, mainLab, onHost, root, type Run } from './haup.ts';
import { killInner } from './kill.ts';
import { scratchDirectory } from '../scratch.ts';

const example = 'inventory.example.yaml';
const scratch = scratchDirectory();
afterAll(async () => {
  await inLab(mainLab, ['apply', example, '--yes']);
});
/** Changes files of both daemons. */
const changed = join(scratch, 'changed.yaml');
writeFileSync(
  changed,
  readFileSync(join(root, example), 'utf8')
    .replace('  # garp_master_refresh: 60', '  garp_master_refresh: 45')
    .replace('  # worker_connections: 1024', '  worker_connections: 2048'),
);

const apply = (path: string): Promise<Run> => inLab(mainLab, ['apply', path, '--yes', '--lock-wait', '60']);

describe('two operators at once', () => {
  test('one waits for the other with --lock-wait, and both get what they want', async () => {
    const owner = apply(changed);
    const second = inLab(mainLab, ['service', 'reload', 'nginx', example, '--lock-wait', '60']);
    const [first, waited] = await Promise.all([owner, second]);
    expect([first.code, waited.code]).toEqual([0, 0]);
  });

  test('a lock that is held refuses with exit code 5, and haup unlock says who has it and ends it', async () => {
    await onHost(
      mainLab,
      'keep_137',
      `printf 'pid=%s\\nowner=%s\\n' 0 "$(printf '{"who":"ana@desk","since":"2026-01-01T00:00:00Z","why":"haup apply"}' | base64 -w0)" > /run/haup.lock.who
systemd-run --quiet --unit=haup-test-lock sh -c 'exec 9>>/run/haup.lock; flock 9; sleep 6000 9>&-'
while flock -n /run/haup.lock true; do sleep 0.1; done`,
    );
    try {
      const { code, stderr } = await inLab(mainLab, ['apply', changed, '--yes']);
      const busy = code === 0 ? await inLab(mainLab, ['apply', example, '--yes']) : { code, stderr };
      expect(busy.code).toBe(5);
      expect(busy.stderr.replace(/\s+/g, ' ')).toMatch(/keep_137.*ana@desk.*haup apply.*haup unlock/);
      const { stdout, code: done } = await inLab(mainLab, ['unlock', example, '--yes']);
      expect(done).toBe(0);
      expect(stdout).toMatch(/keep_137: locked by ana@desk/);
      expect((await inLab(mainLab, ['apply', example, '--yes'])).code).toBe(0);
    } finally {
      await onHost(mainLab, 'keep_137', 'systemctl stop haup-test-lock.service 2>/dev/null; true');
    }
  });

  test('whose lock is taken away stops, and puts nothing back', async () => {
    const vrids = join(scratch, 'vrids.yaml');
    writeFileSync(
      vrids,
      readFileSync(join(root, example), 'utf8').replace(/virtual_router_id: 5/g, 'virtual_router_id: 6'),
    );
    const unlocking: Promise<Run>[] = [];
    let heard = '';
    const run = await inLab(mainLab, ['apply', vrids, '--yes'], {
      onStderr: (text) => {
        heard += text;
        if (unlocking.length === 0 && /begin: drain/.test(heard))
          unlocking.push(inLab(mainLab, ['unlock', example, '--yes']));
      },
    });
    const [unlocked] = await Promise.all(unlocking);
    expect(unlocked?.code).toBe(0);
    expect(run.code, run.stderr).toBe(5);
    expect(run.stderr.replace(/\s+/g, ' ')).toMatch(/was broken while haup was working.*haup unlock/);
    expect(run.stderr).not.toMatch(/putting it back|changes on 2 hosts/);
    // The next one finishes it, or takes it back.
    const next = await inLab(mainLab, ['apply', example, '--yes', '--lock-wait', '60']);
    expect(`${next.code} ${next.stderr}`).toMatch(/^0 /);
    expect((await inLab(mainLab, ['plan', example])).code).toBe(0);
  });

  test('the lock of a haup that was killed is free at once', async () => {
    const killing: Promise<void>[] = [];
    let heard = '';
    let outer = 0;
    await inLab(mainLab, ['apply', changed, '--yes', '--lock-wait', '60'], {
      during: (pid) => (outer = pid),
      onStderr: (text) => {
        heard += text;
        // It has the locks of both hosts by then.
        if (killing.length === 0 && heard.includes('begin: ')) killing.push(killInner(outer, 'SIGKILL'));
      },
    });
    expect(killing).toHaveLength(1);
    await Promise.all(killing);
    const started = performance.now();
    expect((await inLab(mainLab, ['apply', example, '--yes', '--lock-wait', '20'])).code).toBe(0);
    figure(
      `after a kill -9 the next apply was through in ${((performance.now() - started) / 1000).toFixed(1)} s`,
    );
  });
});
