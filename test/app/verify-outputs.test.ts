import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Context } from '../../src/app/command-context.ts';
import { appendRun, historyPath, readRuns, verifyRun } from '../../src/app/keep-runs.ts';
import type { OutputOptions } from '../../src/app/verified-run.ts';
import { verify } from '../../src/app/verify.ts';
import { assertWritable, writeOutputs } from '../../src/app/verify-outputs.ts';
import { runDrill } from '../../src/drill/drills.ts';
import { HaupError } from '../../src/model/errors.ts';
import type { VerifyReport } from '../../src/model/report.ts';
import { exampleInventory } from '../fakes/example.ts';
import { fakeEnvironment, pair, vrrp } from '../fakes/drill-environment.ts';
import { scratchDirectory } from '../scratch.ts';

let root: string;
beforeEach(() => {
  root = scratchDirectory();
});

const inventory = exampleInventory();
const context = (said: string[] = []): Context =>
  ({
    cwd: root,
    home: root,
    env: {},
    now: () => Date.UTC(2026, 10, 29),
    operator: 'ana@workstation',
    nodeVersion: 'v20.19.0',
    haupVersion: '0.1.0',
    platform: 'linux',
    err: (text: string) => said.push(text),
  }) as unknown as Context;

async function measured(slowTakeover = 0): Promise<VerifyReport> {
  const [from, to] = pair[0].members;
  const drill = await runDrill(
    { drill: 'stop', fault: { kind: 'stop' }, vip: pair[0], vrrp, from, to, beside: [], tag: 't' },
    fakeEnvironment(pair, vrrp, { slowTakeover }),
    new AbortController().signal,
  );
  return { version: 1, ok: drill.ok, vips: [{ address: pair[0].address.address, drills: [drill] }] };
}
const outputs = async (report: VerifyReport, options: OutputOptions, said?: string[]) =>
  writeOutputs(context(said), { inventory, views: new Map(), report, options });

describe('before anything is broken', () => {
  test('the inventory is not replaced, by whatever name', async () => {
    writeFileSync(join(root, 'i.yaml'), 'hosts: {}');
    symlinkSync('i.yaml', join(root, 'link.yaml'));
    for (const file of ['i.yaml', 'link.yaml'])
      await expect(
        assertWritable({ cwd: root }, { report: 'i.yaml' }, { file: join(root, file) }),
      ).rejects.toMatchObject({
        code: 'USAGE',
        message: '--report i.yaml cannot be written: it is the inventory.',
      });
    expect(readFileSync(join(root, 'i.yaml'), 'utf8')).toBe('hosts: {}');
  });

  test.each([
    { name: 'no directory', report: 'missing/report.html', why: /there is no directory .*missing/ },
    { name: 'a directory', report: 'folder', why: /it is a directory/ },
    { name: 'a device', report: '/dev/null', why: /not a regular file/ },
    { name: 'a link', report: 'link', why: /not a regular file/ },
    { name: 'below a file', report: 'file/report.html', why: /is not a directory/ },
    { name: 'a file system that takes no files', report: '/proc/report.html', why: /\/proc/ },
    { name: 'one file for both', report: 'same', junit: './same', why: /file of --report too/ },
    { name: 'a name that is too long', junit: 'x'.repeat(240), why: /name is too long/ },
  ])('a file that cannot be written is found: $name', async ({ why, name: _name, ...options }) => {
    mkdirSync(join(root, 'folder'));
    writeFileSync(join(root, 'file'), 'kept');
    symlinkSync('file', join(root, 'link'));
    const error = await assertWritable({ cwd: root }, options, inventory).then(
      () => null,
      (cause: unknown) => cause,
    );
    expect(error).toBeInstanceOf(HaupError);
    expect(error).toMatchObject({
      code: 'USAGE',
      exit: 'usage',
      hint: expect.stringContaining('Nothing was drilled'),
    });
    expect((error as HaupError).message).toMatch(why);
    expect(readdirSync(root).sort()).toEqual(['file', 'folder', 'link']);
    expect(readFileSync(join(root, 'file'), 'utf8')).toBe('kept');
  });

  test('the command looks there before any host is contacted', async () => {
    const valid = join(import.meta.dirname, '../../inventory.example.yaml');
    const options = {
      color: 'auto',
      strictHostKey: 'yes',
      connectTimeout: '1',
      report: 'missing/r.html',
    } as const;
    await expect(verify(context(), valid, options)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('--report missing/r.html'),
    });
    const other = { ...options, report: 'r.html' };
    await expect(verify(context(), 'missing.yaml', other)).rejects.toMatchObject({
      code: 'INVENTORY_MISSING',
    });
    expect(readdirSync(root)).toEqual([]);
  });

  test.each([
    ['count', '0'],
    ['count', '-1'],
    ['count', '1.5'],
    ['count', 'many'],
    ['count', ''],
    ['count', '1001'],
    ['hold', '0'],
    ['hold', '601'],
    ['hold', '2s'],
  ])('--%s %j is refused, with what to give', async (flag, text) => {
    writeFileSync(join(root, 'inventory.yaml'), readFileSync('inventory.example.yaml'));
    const options = { color: 'auto', strictHostKey: 'yes', connectTimeout: '1', [flag]: text } as const;
    const secrets = { ...context(), env: { HAUP_AUTH_PASS: '1111' } };
    await expect(verify(secrets, 'inventory.yaml', options)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/^--(count|hold) \S* ?is not a whole number from 1 to (1000|600)\.$/),
      hint: expect.stringMatching(/^It is how (often each drill|many seconds each fault)/),
    });
  });

  test('a file that can be written is left as it is, and nothing lies beside it', async () => {
    writeFileSync(join(root, 'old.html'), 'old');
    await assertWritable({ cwd: root }, { report: 'old.html', junit: 'new.xml' }, inventory);
    expect(readdirSync(root)).toEqual(['old.html']);
    expect(readFileSync(join(root, 'old.html'), 'utf8')).toBe('old');
  });
});

test('the page says the command that does it again', async () => {
  const report = await measured();
  const options = { report: 'r.html', drill: ['stop', 'nginx'], count: '3', hold: '20' };
  await writeOutputs(context(), { inventory, views: new Map(), report, options });
  expect(readFileSync(join(root, 'r.html'), 'utf8')).toContain(
    'haup verify inventory.example.yaml --drill stop,nginx --count 3 --hold 20 --yes',
  );
});

test('writes each file whole, with what was measured, and no secret', async () => {
  const said: string[] = [];
  const report = await measured();
  expect(await outputs(report, { report: 'r.html', junit: 'r.xml' }, said)).toBeNull();
  const page = readFileSync(join(root, 'r.html'), 'utf8');
  expect(page).toMatch(/^<!doctype html>[^]*<\/html>\n$/);
  const secret = inventory.vrrp.authPass?.reveal() ?? '';
  expect(secret).toBe('1111');
  expect(page).toContain('auth_pass ***');
  expect(page).not.toContain(`auth_pass ${secret}`);
  expect(page).toContain('haup verify inventory.example.yaml --yes');
  expect(readFileSync(join(root, 'r.xml'), 'utf8')).toContain(
    '<testcase classname="haup.verify.192.168.160.161"',
  );
  expect(said).toEqual(['wrote r.html\n', 'wrote r.xml\n']);
  expect(readdirSync(root).sort()).toEqual(['.local', 'r.html', 'r.xml']);
});

describe('the history', () => {
  test('has one line for a run, for the operator alone', async () => {
    await outputs(await measured(), {});
    await outputs(await measured(3), {});
    const path = historyPath(context());
    expect(path).toBe(join(root, '.local/state/haup/verify.jsonl'));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      version: 1,
      at: '2026-11-29T00:00:00.000Z',
      ok: true,
      drills: [{ vip: '192.168.160.161', drill: 'stop', from: 'keep_136', boundMs: 687.5, lost: 138 }],
    });
  });

  test('what was not drilled leaves no line', async () => {
    await outputs({ version: 1, ok: false, vips: [] }, {});
    expect(await readRuns(historyPath(context()))).toEqual([]);
  });

  test('an outage that is worse than the spread explains is found, and one that is not is not', async () => {
    expect(await outputs(await measured(), { compare: true })).toMatchObject([{ last: null, worse: false }]);
    for (const late of [0, 1, 2, 3]) await outputs(await measured(late), {});
    expect(await outputs(await measured(5), { compare: true })).toMatchObject([{ earlier: 5, worse: false }]);
    expect(await outputs(await measured(60), { compare: true })).toMatchObject([{ earlier: 6, worse: true }]);
  });

  test('lines that are no runs are passed over', async () => {
    const path = historyPath(context());
    await outputs(await measured(), {});
    const line = readFileSync(path, 'utf8');
    writeFileSync(
      path,
      `${line}{"version":1,"cluster":"x","drills":[null]}\nnull\n[]\n{"ver${line}${line.slice(0, 40)}`,
    );
    expect(await readRuns(path)).toHaveLength(1);
  });

  test('is bounded: the older half goes', async () => {
    const path = historyPath(context());
    const run = verifyRun(inventory, await measured(), '2026-11-01T00:00:00.000Z', '0.1.0');
    await appendRun(path, run);
    const line = readFileSync(path, 'utf8');
    writeFileSync(path, line.repeat(Math.ceil(1_000_000 / line.length)), { mode: 0o600 });
    await appendRun(path, { ...run, at: '2026-11-02T00:00:00.000Z' });
    expect(statSync(path).size).toBeLessThan(520_000);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const runs = await readRuns(path);
    expect(runs.length).toBeGreaterThan(500);
    expect(runs.at(-1)?.at).toBe('2026-11-02T00:00:00.000Z');
  });

  test('a link in its place is not followed: the run goes on and says so, a comparison fails', async () => {
    mkdirSync(join(root, '.local/state/haup'), { recursive: true });
    writeFileSync(join(root, 'elsewhere'), 'kept');
    symlinkSync(join(root, 'elsewhere'), historyPath(context()));
    const said: string[] = [];
    expect(await outputs(await measured(), {}, said)).toBeNull();
    expect(said.join('')).toMatch(/not in the history: .*ELOOP/);
    await expect(outputs(await measured(), { compare: true })).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
    });
    expect(readFileSync(join(root, 'elsewhere'), 'utf8')).toBe('kept');
  });

  test('goes by hosts and VIPs, not by where the inventory lies', async () => {
    const report = await measured();
    const digest = (changed: typeof inventory): string => verifyRun(changed, report, '', '').cluster;
    expect(digest({ ...inventory, file: '/builds/7/inventory.yaml' })).toBe(digest(inventory));
    expect(digest({ ...inventory, vips: inventory.vips.slice(0, 1) })).not.toBe(digest(inventory));
  });
});
