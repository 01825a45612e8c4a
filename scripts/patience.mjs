// How slow this machine is: every limit of the tests is for what hangs, and none is to end what is merely slow.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';

/** What `work` takes, in ms, on the quiet machine for which the limits are written. */
const referenceMs = 300;
/** Load may come after the measuring. */
const allowance = 3;
/** Beyond it, even what hangs for good would have to be waited for too long. */
const most = 15;

/** What the tests do all day: processes are started, and something is computed. */
function work() {
  const started = performance.now();
  for (let times = 0; times < 4; times += 1) spawnSync(process.execPath, ['-e', '0']);
  const bytes = Buffer.alloc(1 << 20);
  const hash = createHash('sha256');
  for (let times = 0; times < 64; times += 1) hash.update(bytes);
  hash.digest();
  return performance.now() - started;
}

/** The factor for every limit. Measured once; processes that are started from here on have it in their environment. */
export function patience() {
  const given = Number(process.env.HAUP_TEST_PATIENCE);
  if (given > 0) return given;
  const factor = Math.min(most, Math.max(1, work() / referenceMs) * allowance);
  process.env.HAUP_TEST_PATIENCE = factor.toFixed(1);
  return Number(process.env.HAUP_TEST_PATIENCE);
}
