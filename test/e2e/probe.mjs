// A client of its own beside what is tested: asks each VIP 200 times a second until its stdin ends (or the limit),
// then prints what it saw as JSON. Runs inside the lab:  node test/e2e/probe.mjs LIMIT_SECONDS VIP...
import { outage } from '../../dist/app/outage.js';
import { intervalFor, startSampler, timeoutMs } from '../../dist/app/sample.js';

const [limit, ...addresses] = process.argv.slice(2);
const ending = new AbortController();
const targets = addresses.map((address) => ({ address, port: 80 }));
const intervalMs = intervalFor(targets);
const sampler = await startSampler(
  {
    targets,
    intervalMs,
    timeoutMs,
    limitMs: Number(limit) * 1000,
  },
  ending.signal,
);
process.stdout.write('ready\n');
await new Promise((resolve) => {
  process.stdin.on('end', resolve).on('close', resolve).resume();
  setTimeout(resolve, Number(limit) * 1000).unref();
});
await sampler.stop();
// Spans are told on the wall clock, as whatever else was written down meanwhile is. Samples are timed by hrtime.
const offset = Date.now() - Number(process.hrtime.bigint()) / 1e6;
const wall = (ms) => new Date(ms + offset).toISOString().slice(14, 23);
/** The longest time in which this machine did not ask, or all of that when it is more than a fifth. */
const stalled = (samples, longest) => {
  const times = samples.map(({ sentAt }) => sentAt);
  const spanMs = times.reduce((a, b) => Math.max(a, b), 0) - times.reduce((a, b) => Math.min(a, b), Infinity);
  const missedMs = spanMs - samples.length * intervalMs;
  return missedMs > spanMs / 5 ? missedMs : longest;
};
const seen = addresses.map((address) => {
  const { lost, total, retried, longestGapMs, stalledMs, unanswered, answeredBy } = outage(
    sampler.of(address),
    intervalMs,
  );
  const spans = [
    ...answeredBy.map(({ host, fromMs, toMs }) => [fromMs, toMs, `answered by ${host}`]),
    ...unanswered.map(({ fromMs, toMs }) => [fromMs, toMs, 'lost']),
  ].toSorted(([a], [b]) => a - b);
  const story = spans.map(([from, to, what]) => `${wall(from)} to ${wall(to)} ${what}`);
  return [
    address,
    {
      lost,
      total,
      retried,
      never: lost - retried,
      longestGapMs,
      stalledMs: stalled(sampler.of(address), stalledMs),
      story,
    },
  ];
});
process.stdout.write(`${JSON.stringify(Object.fromEntries(seen))}\n`);
process.exit(0);
