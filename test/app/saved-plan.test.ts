import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import type { Context } from '../../src/app/command-context.ts';
import { openInventory } from '../../src/app/open-inventory.ts';
import { assertPlanPlace, savedPlanAt, savePlan } from '../../src/app/saved-plan.ts';
import { HaupError } from '../../src/model/errors.ts';
import { scratchDirectory } from '../scratch.ts';

let cwd: string;
let said: string;
beforeEach(() => {
  cwd = scratchDirectory();
  said = '';
});
const context = (): Context =>
  ({
    cwd,
    operator: 'ana@workstation',
    haupVersion: '0.0.0',
    now: () => 0,
    err: (text: string) => void (said += text),
  }) as unknown as Context;
const save = (path: string) =>
  savePlan(
    context(),
    path,
    { plan: { tracks: [], same: [], want: [] }, facts: new Map() },
    { file: '/i.yaml', directory: '/', text: 'hosts: {}', sites: {}, overlay: null },
  );
const code = async (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'done',
    (error: unknown) => (error instanceof HaupError ? error.code : String(error)),
  );

test('a plan is saved for its owner alone, and read again', async () => {
  await save('plan');
  expect(statSync(join(cwd, 'plan')).mode & 0o777).toBe(0o600);
  expect(readdirSync(cwd)).toEqual(['plan']);
  expect((await savedPlanAt(context(), 'plan'))?.text).toBe(readFileSync(join(cwd, 'plan'), 'utf8'));
  expect(said).toMatch(/Anyone who can write the file becomes root/);
});

test('a plan that cannot be saved is refused before any host is asked, and never replaces the inventory', async () => {
  mkdirSync(join(cwd, 'folder'));
  writeFileSync(join(cwd, 'i.yaml'), 'hosts: {}');
  const why = async (path: string): Promise<unknown> =>
    assertPlanPlace({ cwd }, path, { file: join(cwd, 'i.yaml') }).then(
      () => null,
      (error: unknown) => (error instanceof HaupError ? `${error.code} ${error.message}` : error),
    );
  expect(await why('i.yaml')).toBe('USAGE --output i.yaml cannot be written: it is the inventory.');
  expect(await why('folder')).toBe('USAGE --output folder cannot be written: it is a directory.');
  expect(await why('nowhere/plan')).toMatch(/^USAGE .*there is no directory .*nowhere\.$/);
  expect(await why('plan')).toBe(null);
  expect(readdirSync(cwd).sort()).toEqual(['folder', 'i.yaml']);
});

test('another command that gets a saved plan for an inventory says what it is', async () => {
  await save('plan');
  await expect(openInventory({ ...context(), env: {} }, 'plan')).rejects.toMatchObject({
    code: 'USAGE',
    message: 'plan is a saved plan, not an inventory.',
  });
});

test('a link in the way of a plan that is saved is replaced, not followed', async () => {
  writeFileSync(join(cwd, 'theirs'), '', { mode: 0o666 });
  for (const name of ['plan', 'plan.part']) symlinkSync('theirs', join(cwd, name));
  await save('plan');
  expect(readFileSync(join(cwd, 'theirs'), 'utf8')).toBe('');
  expect(statSync(join(cwd, 'plan')).mode & 0o777).toBe(0o600);
});

test.each([
  ['of another user', () => chownSync(join(cwd, 'plan'), 4711, 4711)],
  ['that everybody may write', () => chmodSync(join(cwd, 'plan'), 0o666)],
  ['that its group may write', () => chmodSync(join(cwd, 'plan'), 0o660)],
  ['in a directory where everybody may write', () => chmodSync(cwd, 0o777)],
  ['in a directory of another user', () => chownSync(cwd, 4711, 4711)],
])('a plan %s is not run', async (_name, change) => {
  await save('plan');
  change();
  expect(await code(savedPlanAt(context(), 'plan'))).toBe('UNTRUSTED_FILE');
});

test('a link to a plan is not run; an inventory is not a plan, whoever can write it', async () => {
  await save('plan');
  symlinkSync('plan', join(cwd, 'link'));
  expect(await code(savedPlanAt(context(), 'link'))).toBe('UNTRUSTED_FILE');
  writeFileSync(join(cwd, 'inventory.yaml'), 'hosts: {}\n');
  chmodSync(join(cwd, 'inventory.yaml'), 0o666);
  expect(await savedPlanAt(context(), 'inventory.yaml')).toBeNull();
});

test('no plan is saved where others could change it', async () => {
  mkdirSync(join(cwd, 'open'));
  chmodSync(join(cwd, 'open'), 0o777);
  expect(await code(save('open/plan'))).toBe('UNTRUSTED_FILE');
  expect(readdirSync(join(cwd, 'open'))).toEqual([]);
});
