/** Times on a host, by a real sh: none of them goes by the clock. */

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { entrust } from '../../src/ssh/entrust.ts';
import { reloadTogether } from '../../src/ssh/service-actions.ts';
import { hostScript } from '../../src/base/host-script.ts';
import { hangMs } from '../limits.ts';
import { putProgram, scratchDirectory } from '../scratch.ts';

const uptime = hostScript('uptime');
const sh = (script: string, path = ''): string =>
  execFileSync('sh', ['-c', script], {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${path}:${process.env['PATH']}` },
  });
const upMs = (): number => 1000 * Number.parseFloat(readFileSync('/proc/uptime', 'utf8'));

test('the time since the boot, in milliseconds', () => {
  const [before, said, after] = [upMs(), Number(sh(`${uptime}\nuptime; echo "$up"`)), upMs()];
  expect(said).toBeGreaterThanOrEqual(Math.round(before));
  expect(said).toBeLessThanOrEqual(Math.round(after));
});

test.each(['00', '08', '09', '10', '99'])('hundredths are decimal: %s', (hundredths) => {
  const said = sh(
    `${uptime.replace('/proc/uptime', '"$0"')}\nuptime; echo "$up"`.replaceAll('"$0"', given(hundredths)),
  );
  expect(Number(said)).toBe(1_939_000 + Number(hundredths) * 10);
});

function given(hundredths: string): string {
  const file = join(scratchDirectory(), 'uptime');
  writeFileSync(file, `1939.${hundredths} 854.21\n`);
  return file;
}

test.each([0, 7, 43, 250])('waits until a moment that is %i ms ahead, and no longer', (ms) => {
  const at = Math.round(upMs()) + 300 + ms;
  const woke = Number(sh(`${uptime}\nwait_until ${at}; uptime; echo "$up"`));
  expect(woke).toBeGreaterThanOrEqual(at - 10);
  // As much later as a busy machine lets a process wait.
  expect(woke).toBeLessThan(at + hangMs(1000));
});

test('a moment that is over is not waited for', () => {
  const started = performance.now();
  sh(`${uptime}\nwait_until 1`);
  expect(performance.now() - started).toBeLessThan(hangMs(1000));
});

test('a clock that jumps changes nothing about when hosts reload together', () => {
  const bin = scratchDirectory();
  const fake = (name: string, text: string): void => {
    putProgram(join(bin, name), text);
  };
  fake('date', 'echo 1');
  fake('systemctl', 'case "$*" in *MainPID*) echo MainPID=$TARGET ;; is-active*) echo active ;; esac');
  const { script } = reloadTogether('keepalived', Math.round(upMs()) + 2000);
  const said = sh(`trap : HUP; TARGET=$$; export TARGET\n${script.replace(/rm -f .*$/m, '')}`, bin);
  expect(Number(/reloaded (\d+) ms after/.exec(said)?.[1])).toBeLessThan(hangMs(700));
});

test('what a host is entrusted with does not look at the clock', () => {
  const announce = { addresses: ['192.0.2.100'], afterMs: 900, forMs: 20 };
  const { script, stdin } = entrust({ do: 'entrust', service: 'keepalived', afterMs: 0, announce });
  expect(`${script}${Buffer.from(stdin ?? []).toString()}`).not.toMatch(/\bdate\b/);
});

/** What may look at the clock: what is shown, compared with the operator's, or stamped by `ip` or the journal. */
const clocks: readonly string[] = [
  'src/measure/monitor.ts',
  'templates/scripts/address-monitor.sh',
  'templates/scripts/break-host.sh',
  'templates/scripts/facts-services.sh',
];

test('no other script for hosts looks at the clock', () => {
  const root = join(import.meta.dirname, '../..');
  const folders = ['ssh', 'facts', 'run', 'measure', 'move', 'drill', 'desired'].map((name) => `src/${name}`);
  const looking = [...folders, 'templates/scripts'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|sh)$/.test(name))
      .map((name) => `${folder}/${name}`)
      .filter((file) =>
        /\bdate \+|stat -c ['"]?%[XYZ]|-mmin\b|--since|-newer\b/.test(readFileSync(join(root, file), 'utf8')),
      ),
  );
  expect(looking).toEqual(clocks);
});
