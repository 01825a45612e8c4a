import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stageAndTest } from '../../src/ssh/write-set.ts';
import { configTestVerdict } from '../../src/ssh/config-test.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'haup-config-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** The test of a configuration by a real sh and a keepalived that is `version` and answers `-t` with `says`. */
function judged(version: string, says: string) {
  const binary = join(root, 'keepalived');
  writeFileSync(
    binary,
    `#!/bin/sh\ncase $1 in -v) echo 'Keepalived v${version} (03/19,2017)' >&2; exit 0 ;; esac\necho "$*" >> ${root}/asked\n${says}\n`,
    { mode: 0o755 },
  );
  const entry = join(root, 'etc/keepalived.conf');
  mkdirSync(join(root, 'etc'));
  const file = {
    path: entry,
    bytes: Buffer.from('! nothing\n'),
    mode: 0o640,
    owner: 'root:root',
    secret: false,
  };
  const job = stageAndTest({
    do: 'write',
    service: 'keepalived',
    binary,
    entry,
    files: [{ ...file, expect: 'absent' }],
    testing: [file],
  });
  const ran = spawnSync('/bin/sh', ['-c', job.script.replaceAll('/var/lib/haup', `${root}/state`)], {
    input: job.stdin ?? '',
    encoding: 'utf8',
  });
  return { output: ran.stdout, verdict: configTestVerdict('keepalived', ran.status ?? -1, ran.stdout) };
}
/** As getopt has it: 1.3.5 then ends with status 0. */
const old = `echo "keepalived: invalid option -- 't'" >&2; exit 0`;

test.each(['1.2.13', '1.3.5', '2.0.3'])(
  'keepalived %s has no test: it says so, and is not asked',
  (version) => {
    const { output, verdict } = judged(version, old);
    expect(verdict).toEqual({ ok: true, complaints: [] });
    // Begins as what the operator is to read does.
    expect(output).toMatch(
      new RegExp(
        `^haup: keepalived ${version} cannot test a configuration \\(2\\.0\\.4 and newer can\\): it is written untested`,
      ),
    );
  },
);

test.each(['2.0.4', '2.0.10', '2.0.20', '2.1.5', '2.2.7', '2.4.3'])('keepalived %s is asked', (version) => {
  expect(judged(version, 'exit 0').verdict.ok).toBe(true);
  rmSync(join(root, 'etc'), { recursive: true });
  const { verdict } = judged(
    version,
    `echo "(/etc/keepalived.conf: Line 1) Unknown keyword 'x'" >&2; exit 5`,
  );
  expect(verdict).toEqual({ ok: false, complaints: ["(/etc/keepalived.conf: Line 1) Unknown keyword 'x'"] });
});
