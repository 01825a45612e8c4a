// Which files of tests on real hosts run beside which. A file says what it does in a line of its own:
//   // suite: builds      compiles for minutes: whatever is timed beside it is not what it would be
//   // suite: measures    times outages against VRRP's bounds, or counts lost requests
// One that says nothing does neither.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from './setup.mjs';

const timesFile = join(root, 'node_modules/.cache/haup/test-times.json');

/** Seconds that each file took when it ran last. */
function times() {
  try {
    return JSON.parse(readFileSync(timesFile, 'utf8'));
  } catch {
    return {};
  }
}

export function rememberTimes(taken) {
  mkdirSync(dirname(timesFile), { recursive: true });
  writeFileSync(timesFile, JSON.stringify({ ...times(), ...taken }, null, 2));
}

/** Every file with what it does; those that take longest first, as one at the end would leave the other lanes idle. */
export function e2eFiles() {
  const taken = times();
  return readdirSync(join(root, 'test/e2e'))
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => {
      const text = readFileSync(join(root, 'test/e2e', name), 'utf8');
      const [, words = ''] = /^\/\/ suite: (.*)$/m.exec(text) ?? [];
      return {
        name: name.replace(/\.test\.ts$/, ''),
        file: `test/e2e/${name}`,
        // As vitest.config.ts has it.
        project: /\btestLab\(/.test(text) ? 'e2e-own' : 'e2e',
        builds: words.includes('builds'),
        measures: words.includes('measures'),
        seconds: taken[name] ?? (words === '' ? 60 : 120),
      };
    })
    .toSorted((a, b) => b.seconds - a.seconds);
}

/** Tests wait much of the time, but what is measured beside more of them than there are cores is often no measurement. */
const lanes = () => Math.min(8, availableParallelism());

/** Runs all jobs, as many at once as this machine bears, and none that measures beside one that builds. */
export async function inLanes(jobs, run, most = lanes()) {
  const waiting = [...jobs];
  const running = new Set();
  const fits = (job) =>
    [...running].every((other) => !(job.measures && other.builds) && !(job.builds && other.measures));
  while (waiting.length > 0 || running.size > 0) {
    // What neither builds nor measures goes beside either, so it is kept for where nothing else fits.
    const next =
      running.size >= most
        ? undefined
        : (waiting.find((job) => (job.builds || job.measures) && fits(job)) ?? waiting.find(fits));
    if (next === undefined) {
      await Promise.race([...running].map(({ ended }) => ended));
      continue;
    }
    waiting.splice(waiting.indexOf(next), 1);
    const entry = { ...next, ended: null };
    running.add(entry);
    entry.ended = run(next).finally(() => running.delete(entry));
  }
}
