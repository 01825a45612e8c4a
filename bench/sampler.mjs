// bench/sampler: how punctual the sampler of haup verify is while other programs keep the machine busy.
//   node bench/sampler.mjs [seconds] [--busy N]    N busy loops beside it (default 1)
//   node bench/sampler.mjs [seconds] --compare     0, 1 and a loop for each core; as root, and without the right to go first
// A server in a process of its own answers. For each rate: how long after its moment a request was sent, a missed moment
// included. The bound is 2 ms at the 99th percentile. Needs a build.
import { fork, spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const self = fileURLToPath(import.meta.url);
const { values, positionals } = parseArgs({
  options: { busy: { type: 'string', default: '1' }, compare: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const seconds = Number(positionals[0] ?? 10);
const boundMs = 2;

if (process.send !== undefined) serve();
else if (values.compare) compare();
else process.exit((await measure(Number(values.busy))) ? 0 : 1);

function serve() {
  const server = createServer((_request, response) => {
    response.setHeader('x-haup-host', 'bench');
    response.end('bench\n');
  });
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
}

function compare() {
  const ways = [
    ['as root', []],
    ['without CAP_SYS_NICE', ['setpriv', '--bounding-set=-sys_nice', '--']],
  ];
  for (const [name, prefix] of ways) {
    for (const busy of [0, 1, availableParallelism()]) {
      console.log(`${name}, ${busy} busy loops on ${availableParallelism()} cores`);
      const [command, ...args] = [...prefix, process.execPath, self, String(seconds), '--busy', String(busy)];
      spawnSync(command, args, { stdio: 'inherit' });
    }
  }
}

/** True: within the bound at every rate. */
async function measure(loops) {
  const { startSampler, timeoutMs } = await import('../dist/app/sample.js');
  const { outage } = await import('../dist/app/outage.js');
  const { startErrors } = await import('../dist/app/start-errors.js');
  const server = fork(self);
  const port = await new Promise((resolve) => server.once('message', resolve));
  const busy = Array.from({ length: loops }, () =>
    spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
  );
  let within = true;
  try {
    for (const rate of [200, 1000]) {
      const intervalMs = 1000 / rate;
      const targets = [{ address: '127.0.0.1', port }];
      const signal = new AbortController().signal;
      const sampler = await startSampler(
        { targets, intervalMs, timeoutMs, limitMs: 1000 * seconds + 10_000 },
        signal,
      );
      const cpu = process.cpuUsage();
      await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
      await sampler.stop();
      const { user, system } = process.cpuUsage(cpu);
      const samples = sampler.of('127.0.0.1').toSorted((a, b) => a.sentAt - b.sentAt);
      const { lost, total, everyMs } = outage(samples, intervalMs);
      const sent = samples.map(({ sentAt }) => sentAt);
      const { median, p99, worst } = startErrors(sent, sampler.startMs, intervalMs);
      within &&= p99 <= boundMs;
      console.log(
        `${String(rate).padStart(4)}/s   late: median ${median.toFixed(2)} ms, 99 % within ${p99.toFixed(2)} ms (bound ${boundMs}), ` +
          `worst ${worst.toFixed(1)} ms   ${total} requests, every ${everyMs.toFixed(2)} ms, ${lost} lost   ` +
          `${((user + system) / 1e4 / seconds).toFixed(0)} % of a core`,
      );
    }
  } finally {
    for (const one of busy) one.kill('SIGKILL');
    server.kill('SIGKILL');
  }
  return within;
}
