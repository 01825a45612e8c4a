// bench/sampler: how punctual the sampler of haup verify is while another core is busy.
//   node bench/sampler.mjs [seconds]
// A server in a process of its own answers; another process keeps one core busy. For each rate: how long after its moment
// a request was sent, a missed moment included. The bound is 2 ms at the 99th percentile. Needs a build.
import { fork, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

const seconds = Number(process.argv[2] ?? 10);
const boundMs = 2;

if (process.send !== undefined) {
  const server = createServer((_request, response) => {
    response.setHeader('x-haup-host', 'bench');
    response.end('bench\n');
  });
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
} else {
  const { startSampler, timeoutMs } = await import('../dist/app/sample.js');
  const { outage } = await import('../dist/app/outage.js');
  const { startErrors } = await import('../dist/app/start-errors.js');
  const server = fork(fileURLToPath(import.meta.url));
  const port = await new Promise((resolve) => server.once('message', resolve));
  const busy = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
  let failed = false;
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
      failed ||= p99 > boundMs;
      console.log(
        `${String(rate).padStart(4)}/s   late: median ${median.toFixed(2)} ms, 99 % within ${p99.toFixed(2)} ms (bound ${boundMs}), ` +
          `worst ${worst.toFixed(1)} ms   ${total} requests, every ${everyMs.toFixed(2)} ms, ${lost} lost   ` +
          `${((user + system) / 1e4 / seconds).toFixed(0)} % of a core`,
      );
    }
  } finally {
    busy.kill('SIGKILL');
    server.kill('SIGKILL');
  }
  process.exit(failed ? 1 : 0);
}
