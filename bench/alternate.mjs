// Runs commands in turn, so that whatever else this machine does slows all of them, and sums up what they took.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const rusage = join(import.meta.dirname, 'rusage.py');
const scratch = mkdtempSync(join(tmpdir(), 'haup-bench-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

// What this machine adds to the start of every Node process, be it 75 ms for a list of certificates, hides what haup adds.
const { NODE_EXTRA_CA_CERTS: _certificates, NODE_OPTIONS: _options, ...plain } = process.env;

/** The bench itself was told to end: no tool has failed. */
export class Interrupted extends Error {}

/** What one run of a command took. @throws Error, with what it printed, when it did not do what it should. */
export function timed({ argv, env = {}, input, status = 0, says }) {
  const file = join(scratch, 'took.json');
  const ran = spawnSync('/usr/bin/python3', [rusage, file, ...argv], {
    encoding: 'utf8',
    env: { ...plain, ...env },
    input,
    maxBuffer: 1 << 28,
  });
  if (ran.signal !== null) throw new Interrupted(ran.signal);
  const took = JSON.parse(readFileSync(file, 'utf8'));
  if (took.status !== status || (says !== undefined && !says.test(ran.stdout)))
    throw new Error(`${argv.join(' ')} ended with ${took.status}\n${ran.stdout}${ran.stderr}`);
  return { ...took, stdout: ran.stdout };
}

/**
 * `commands`: by name, each a command or a function of the round that gives one. Rounds before the first warm caches and
 * are not counted. The first command is the one that the others are compared with, pair by pair. `times`: how often
 * commands run that take too long for every round, by name; they have worked before, and need no round to warm up.
 */
export function alternate(
  commands,
  runs,
  { warmups = 1, times = {}, before = () => {}, after = () => ({}) } = {},
) {
  const taken = new Map(Object.keys(commands).map((name) => [name, []]));
  for (let round = -warmups; round < runs; round += 1) {
    for (const [name, command] of Object.entries(commands)) {
      if (name in times && (round < 0 || round >= times[name])) continue;
      before(name);
      const took = timed(typeof command === 'function' ? command(round + warmups) : command);
      const more = after(name, took);
      if (round >= 0) taken.get(name).push({ ...took, ...more });
    }
    process.stderr.write(`  round ${round + 1} of ${runs}\n`);
  }
  const [first] = taken.values();
  return Object.fromEntries(
    [...taken].map(([name, all]) => [
      name,
      {
        runs: all.length,
        ...Object.fromEntries(
          ['ms', 'cpuMs', 'rssMb', 'waitedMs', 'processes']
            .filter((key) => all[0][key] !== undefined)
            .map((key) => [key, spread(all.map((one) => Math.round(one[key] * 100) / 100))]),
        ),
        ratio: {
          ms: median(all.map(({ ms }, at) => ms / first[at].ms)),
          cpuMs: median(all.map(({ cpuMs }, at) => cpuMs / first[at].cpuMs)),
        },
      },
    ]),
  );
}

function spread(list) {
  const sorted = [...list].sort((a, b) => a - b);
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
  return { median: median(list), min: sorted[0], p25: at(0.25), p75: at(0.75), max: sorted.at(-1) };
}

function median(list) {
  const sorted = [...list].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.floor(sorted.length / 2)]) / 2;
}
