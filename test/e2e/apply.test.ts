import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventuallyOnHost, inLab, mainLab, onHost, root } from './haup.ts';
import { scratchDirectory } from '../scratch.ts';

const example = 'inventory.example.yaml';
const exampleText = readFileSync(join(root, example), 'utf8');
const scratch = scratchDirectory();

/** The example with something replaced, as a file. */
function changed(from: string | RegExp, to: string): string {
  const text = exampleText.replace(from, to);
  if (text === exampleText) throw new Error(`nothing to replace: ${String(from)}`);
  const path = join(scratch, `${files++}.yaml`);
  writeFileSync(path, text);
  return path;
}
let files = 0;

test('a second apply has nothing to do, says why, and changes nothing', async () => {
  const before = await onHost(
    mainLab,
    'keep_136',
    'systemctl show -p ActiveEnterTimestamp keepalived nginx; find /etc /usr/local /var/lib/haup -newermt "-1 second" -type f',
  );
  const { code, stdout } = await inLab(mainLab, ['apply', example]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/Nothing to do/);
  expect(stdout).toMatch(/build: keepalived .* is installed with the options wanted/);
  expect(
    await onHost(
      mainLab,
      'keep_136',
      'systemctl show -p ActiveEnterTimestamp keepalived nginx; find /etc /usr/local /var/lib/haup -newermt "-1 second" -type f',
    ),
  ).toBe(before);
});

test('plan says what differs with exit code 3, and 0 when nothing does', async () => {
  expect((await inLab(mainLab, ['plan', example])).code).toBe(0);
  const { code, stdout } = await inLab(mainLab, [
    'plan',
    changed('  # garp_master_refresh: 60', '  garp_master_refresh: 30'),
    '--json',
  ]);
  expect(code).toBe(3);
  const plan = JSON.parse(stdout) as {
    pending: boolean;
    changes: { host: string; id: string; why: string }[];
    same: object[];
  };
  expect(plan.pending).toBe(true);
  expect(plan.changes.map(({ host, id }) => `${host} ${id}`)).toEqual([
    expect.stringMatching(/config:keepalived$/),
    expect.stringMatching(/service:keepalived$/),
    expect.stringMatching(/config:keepalived$/),
    expect.stringMatching(/service:keepalived$/),
  ]);
  expect(plan.same.length).toBeGreaterThan(10);
  expect(stdout).not.toContain('1111');
});

test('apply without a terminal and without --yes refuses, and changes nothing', async () => {
  const { code, stderr } = await inLab(mainLab, [
    'apply',
    changed('  # garp_master_refresh: 60', '  garp_master_refresh: 20'),
  ]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/--yes/);
  expect((await inLab(mainLab, ['plan', example])).code).toBe(0);
});

test('status names holders, versions and findings, as text and as JSON', async () => {
  const { code, stdout } = await inLab(mainLab, ['status', example, '--json']);
  expect(code).toBe(0);
  const status = JSON.parse(stdout) as { ok: boolean; vips: object[]; hosts: object[] };
  expect(status).toMatchObject({
    version: 1,
    ok: true,
    vips: [
      {
        address: '192.168.160.161',
        holders: ['keep_136'],
        expected: 'keep_136',
        members: ['keep_136', 'keep_137'],
      },
      { address: '192.168.160.162', holders: ['keep_137'], expected: 'keep_137' },
    ],
    hosts: [
      {
        name: 'keep_136',
        reachable: true,
        drained: false,
        keepalived: { state: 'active' },
        nginx: { state: 'active' },
      },
      { name: 'keep_137' },
    ],
  });
});

describe('services', () => {
  test('a killed keepalived leaves no VIP behind and comes back', async () => {
    await onHost(mainLab, 'keep_136', 'kill -9 $(pgrep -x keepalived)');
    await eventuallyOnHost(mainLab, 'keep_136', '! ip -o addr | grep -q 192.168.160.161');
    await eventuallyOnHost(mainLab, 'keep_136', 'ip -o addr | grep -q 192.168.160.161');
    const status = JSON.parse((await inLab(mainLab, ['status', example, '--json'])).stdout) as {
      vips: { holders: string[] }[];
    };
    expect(status.vips.map(({ holders }) => holders)).toEqual([['keep_136'], ['keep_137']]);
  });

  test('haup service stops and starts one service of one host; status has the finding meanwhile', async () => {
    expect(
      (await inLab(mainLab, ['service', 'stop', 'nginx', example, '--limit', 'keep_137', '--yes'])).code,
    ).toBe(0);
    const { code, stdout } = await inLab(mainLab, ['status', example]);
    expect(code).toBe(3);
    expect(stdout).toMatch(/nginx is inactive/);
    expect((await inLab(mainLab, ['service', 'start', 'nginx', example, '--limit', 'keep_137'])).code).toBe(
      0,
    );
    await eventuallyOnHost(mainLab, 'keep_137', 'ip -o addr | grep -q 192.168.160.162');
  });
});
