// Which files of tests on real hosts run at the same time. A file says what it does in a line of its own:
//   // suite: builds      compiles for minutes, which spoils whatever is timed beside it
//   // suite: measures    times outages against VRRP's bounds, or counts lost requests
//   // suite: waits       waits for timers most of the time, and leaves the processors to others
//   // suite: first       makes what the others begin with
//   // suite: all         belongs to `npm test -- all`: it breaks what few changes touch
// One that says nothing does none of these.
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
        waits: words.includes('waits'),
        first: words.includes('first'),
        all: words.includes('all'),
        // A clone that has not run them yet: a long file takes long.
        seconds: taken[name] ?? text.split('\n').length,
      };
    })
    .toSorted((a, b) => Number(b.first) - Number(a.first) || b.seconds - a.seconds);
}

/** How many files that measure run at a time on two processors: more of them make each other's hosts late. */
const measuring = Number(process.env.HAUP_TEST_MEASURING ?? 2);
/**
 * The share of one processor that a file takes, over its time on a quiet machine with two: applies wait for VRRP and for
 * daemons, but processes start all the time. What measures gets some room beside.
 */
const shares = { builds: 0.9, measures: 1.8 / measuring, waits: 0.15, others: 0.6 };
const shareOf = ({ builds, measures, waits }) =>
  builds ? shares.builds : waits ? shares.waits : measures ? shares.measures : shares.others;
/** A lab of two hosts has some 150 MB of memory. */
const most = 8;

/** Which job begins now, beside those that run; undefined: none. None that measures runs beside one that builds. */
export function nextJob(waiting, running, processors) {
  const taken = running.reduce((sum, other) => sum + shareOf(other), 0);
  const fits = (job) =>
    running.length === 0 ||
    (running.length < most &&
      taken + shareOf(job) <= processors &&
      !running.some((other) => (job.measures && other.builds) || (job.builds && other.measures)));
  // What waits takes long and costs little, so it begins early. What neither builds nor measures goes beside either,
  // so it is kept for where nothing else fits.
  const best = (jobs) =>
    jobs.find((job) => job.builds && fits(job)) ??
    jobs.find((job) => job.waits && fits(job)) ??
    jobs.find((job) => job.measures && fits(job)) ??
    jobs.find(fits);
  // Those of `npm test` must not be what a limit of time leaves out.
  return best(waiting.filter(({ all }) => !all)) ?? best(waiting);
}

/** Runs the jobs, as many at once as the processors bear, until none may begin any more; returns those that never began. */
export async function inLanes(
  jobs,
  run,
  { processors = availableParallelism(), mayBegin = () => true } = {},
) {
  const waiting = [...jobs];
  const running = new Set();
  while (waiting.length > 0 || running.size > 0) {
    if (!mayBegin()) {
      await Promise.all([...running].map(({ ended }) => ended));
      break;
    }
    const next = nextJob(waiting, [...running], processors);
    if (next === undefined) {
      await Promise.race([...running].map(({ ended }) => ended));
      continue;
    }
    waiting.splice(waiting.indexOf(next), 1);
    const entry = { ...next, ended: null };
    running.add(entry);
    entry.ended = run(next).finally(() => running.delete(entry));
  }
  return waiting;
}

/** Of `npm test -- quick`: names of tests that show within minutes that the product does its work; none: all of a file. */
export const quickTests = {
  apply: [],
  verify: ['measures both VIPs', 'leave no request without an answer, there and back (1)'],
};

/** As `vitest -t` takes it; null: all. */
export const quickPattern = (names) =>
  names.length === 0 ? null : names.map((name) => name.replace(/[()]/g, '\\$&')).join('|');
