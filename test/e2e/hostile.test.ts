/** A host that lies to the terminal of whoever looks at it. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inLab, mainLab, onHost, root, type Run } from './haup.ts';
import { scratchDirectory } from '../scratch.ts';

const host = 'keep_137';
/** Clears the screen, sets the title, hides, writes from right to left, and begins a line of its own. */
const nasty = '\x1b[2J\x1b]0;owned\x07\x1b[8m\u202eana\nNo host is locked.\x9b31m';
const dangerous = /[^\P{Cc}\n]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

function expectClean({ stdout, stderr }: Run, said: RegExp): void {
  expect(stdout).not.toMatch(dangerous);
  expect(stderr).not.toMatch(dangerous);
  expect(`${stdout}${stderr}`).toMatch(said);
}

/** The lab's own inventory. */
const example = 'inventory.example.yaml';
const owner = Buffer.from(JSON.stringify({ who: nasty, since: nasty, why: nasty })).toString('base64');
const about =
  '/var/lib/haup/history/$(ls /var/lib/haup/history | grep -x "[0-9]*" | sort -n | tail -n 1)/about';
beforeAll(async () => {
  // States are kept before changes: there is one after this.
  const other = join(scratchDirectory(), 'inventory.yaml');
  const text = readFileSync(join(root, 'inventory.example.yaml'), 'utf8');
  writeFileSync(other, text.replace(/^nginx:.*\n/m, '$&  worker_connections: 777\n'));
  for (const path of [other, join(root, 'inventory.example.yaml')])
    expect((await inLab(mainLab, ['apply', path, '--yes'])).code).toBe(0);
  const label = Buffer.from(JSON.stringify(nasty).slice(1, -1).replaceAll('\\', '\\\\')).toString('base64');
  await onHost(
    mainLab,
    host,
    `cp -p ${about} /run/about && sed -i "s|\\"why\\":\\"[^\\"]*\\"|\\"why\\":\\"$(echo ${label} | base64 -d)\\"|" ${about} && grep -q owned ${about}`,
  );
});
const hold = (): Promise<string> =>
  onHost(
    mainLab,
    host,
    `printf 'owner=${owner}\\n' > /run/haup.lock.who; setsid flock /run/haup.lock sleep 60 >/dev/null 2>&1 </dev/null & sleep 0.5; ! flock -n /run/haup.lock true`,
  );
afterAll(async () => {
  await inLab(mainLab, ['unlock', example, '--yes']);
  await onHost(mainLab, host, `cp -p /run/about ${about} && rm /run/about`);
});

test('history and rollback', async () => {
  expectClean(await inLab(mainLab, ['history', host, example]), /ana No host is locked/);
  expectClean(await inLab(mainLab, ['history', host, example, '--json']), /owned/);
  expectClean(
    await inLab(mainLab, ['rollback', host, example, '--dry-run']),
    /as before .*ana No host is locked/,
  );
  expectClean(await inLab(mainLab, ['rollback', host, example, '--dry-run', '--json']), /"type":"plan"/);
});

test('waiting for a lock, and taking it away', async () => {
  await hold();
  const waiting = ['service', 'reload', 'nginx', example, '--limit', host, '--yes', '--lock-wait', '1'];
  const refused = await inLab(mainLab, waiting);
  expect(refused.code).toBe(5);
  expectClean(refused, /is at work on it/);
  expectClean(await inLab(mainLab, [...waiting, '--json']), /"code":"LOCKED"/);

  const asked = await inLab(mainLab, ['unlock', example]);
  expect(asked.code).toBe(2);
  expectClean(asked, /locked by .*ana No host is locked/);
  const json = await inLab(mainLab, ['unlock', example, '--yes', '--json']);
  expect(json.code).toBe(0);
  expectClean(json, /locked by/);
  const told = JSON.parse(json.stdout) as { unlocked: readonly { who: string }[] };
  expect(told.unlocked.map(({ who }) => who)).toEqual([nasty]);
});
