// A client of its own beside what is tested: asks each VIP 200 times a second until its stdin ends (or the limit),
// then prints what it saw as JSON. Runs inside the lab:  node test/e2e/probe.mjs LIMIT_SECONDS VIP...
import { outage } from '../../dist/verify/outage.js';
import { intervalFor, startSampler, timeoutMs } from '../../dist/verify/sample.js';

const [limit, ...addresses] = process.argv.slice(2);
const ending = new AbortController();
const intervalMs = intervalFor(addresses.length);
const sampler = await startSampler(
  {
    targets: addresses.map((address) => ({ address, port: 80 })),
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
const seen = addresses.map((address) => [address, outage(sampler.of(address), intervalMs)]);
process.stdout.write(
  `${JSON.stringify(
    Object.fromEntries(
      seen.map(([address, { lost, total, retried, longestGapMs }]) => [
        address,
        { lost, total, retried, longestGapMs },
      ]),
    ),
  )}\n`,
);
process.exit(0);
