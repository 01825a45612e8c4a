/** How many processes the facts script starts, in each shell that hosts have. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { factsScript, parseFacts } from '../../src/facts/facts-script.ts';
import { sha256 } from '../../src/base/digest.ts';
import type { HostFacts } from '../../src/model/facts.ts';
import { recordDirectory } from '../../src/model/layout.ts';
import { scratchDirectory } from '../scratch.ts';

let root: string;
beforeEach(() => {
  root = scratchDirectory();
  for (const sub of ['bin', 'k', 'n/haup.d']) mkdirSync(join(root, sub), { recursive: true });
});

const put = (path: string, text: string, mode = 0o644): void =>
  writeFileSync(join(root, path), text, { mode });
/** A program that prints this, and starts nothing itself. */
const program = (name: string, text: string): void =>
  put(`bin/${name}`, `#!/bin/sh\n${text === '' ? '' : `echo "${text}"`}\n`, 0o755);

/**
 * A host on which both daemons run with `sites` sites, looked at as an apply does. A process namespace of its own numbers
 * processes one after the other: of two that run before and after the script, the numbers tell how many were between.
 */
function look(shell: string, sites: number): { readonly forks: number; readonly facts: HostFacts } {
  const files = Array.from({ length: sites }, (_, n) => `${root}/n/haup.d/site-${n}.conf`);
  put('k/keepalived.conf', 'vrrp_instance VI_1 { }\n');
  put('n/nginx.conf', `http {\n${files.map((file) => `  include ${file};\n`).join('')}}\n`);
  put('n/haup.d/host.inc', 'location = /haup/host { }\n');
  for (const [n, file] of files.entries())
    writeFileSync(file, `server { listen ${8000 + n}; include ${root}/n/haup.d/host.inc; }\n`);
  const all = [`${root}/k/keepalived.conf`, `${root}/n/nginx.conf`, `${root}/n/haup.d/host.inc`, ...files];
  program('dpkg-query', 'package\tcoreutils\tinstalled\t9.1');
  program('ip', '1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536');
  for (const name of ['nft', 'journalctl', 'ss', 'iptables']) program(name, '');
  put('bin/systemctl', `#!/bin/sh\nwhile read -r line; do echo "$line"; done < ${root}/units\n`, 0o755);
  // Of keepalived's file it is not: there is a password in it.
  const known = new Map(
    all.slice(1).map((file) => [sha256(readFileSync(file)), readFileSync(file)] as const),
  );
  put(
    'script',
    factsScript({
      known,
      packages: { deb: ['coreutils'], rpm: [] },
      users: ['root'],
      files: all,
      directories: [`${root}/n/haup.d`],
      binaries: {
        keepalived: { path: `${root}/bin/keepalived`, prefix: `${root}/k` },
        nginx: { path: `${root}/bin/nginx`, prefix: `${root}/n` },
      },
      firewall: true,
      listening: true,
      running: true,
    }),
  );
  put(
    'host',
    `set -e
mount -t tmpfs tmpfs /var/lib
mkdir -p ${recordDirectory}
printf '%s\\n' ${all.join(' ')} > ${recordDirectory}/files
rm -f ${root}/wait
mkfifo ${root}/wait
cp "$(readlink -f /bin/sh)" ${root}/bin/keepalived
cp "$(readlink -f /bin/sh)" ${root}/bin/nginx
printf 'read -r line < ${root}/wait\\n' > ${root}/idle
${root}/bin/keepalived ${root}/idle --use-file=${root}/k/keepalived.conf &
k=$!
exec 5<> ${root}/wait
bash -c 'exec -a "nginx: master process ${root}/bin/nginx -c ${root}/n/nginx.conf" ${root}/bin/nginx' <&5 5<&- &
n=$!
while [ "$(cat /proc/$n/comm)" != nginx ] || [ "$(cat /proc/$k/comm)" != keepalived ]; do sleep 0.05; done
printf 'Id=keepalived.service\\nMainPID=%s\\n\\nId=nginx.service\\nMainPID=%s\\n' $k $n > ${root}/units
sh -c 'echo $$' > ${root}/before
PATH=${root}/bin:$PATH ${shell} ${root}/script > ${root}/answer < /dev/null
sh -c 'echo $$' > ${root}/after
kill $k $n
`,
  );
  execFileSync('unshare', [
    '--pid',
    '--fork',
    '--mount',
    '--mount-proc',
    '--kill-child',
    'bash',
    join(root, 'host'),
  ]);
  const number = (name: string): number => Number(readFileSync(join(root, name), 'utf8'));
  return {
    // Without the second process and the shell that runs the script.
    forks: number('after') - number('before') - 2,
    facts: parseFacts('here', readFileSync(join(root, 'answer')), known),
  };
}

describe.each(['dash', 'bash', 'busybox sh'])('with %s', (shell) => {
  test('a host with nothing to do starts at most 12 processes, however many files there are', () => {
    const few = look(shell, 1);
    const many = look(shell, 40);
    expect(Object.keys(many.facts.files)).toHaveLength(43);
    expect(many.facts.running?.map(({ service, files }) => [service, files.length])).toEqual([
      ['keepalived', 1],
      ['nginx', 42],
    ]);
    expect([few.forks, many.forks]).toEqual([few.forks, few.forks]);
    expect(look(shell, 200).forks).toBe(few.forks);
    expect(few.forks).toBeLessThanOrEqual(12);
  });
});
