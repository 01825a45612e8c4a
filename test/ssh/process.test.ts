/** What only a process of its own can show: that it ends, and that nothing is uncaught. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hostScripts } from '../../scripts/host-scripts.mjs';
import { type FakeSsh, fakeSsh } from '../fakes/ssh-server.ts';
import { sshConfig } from './spec.ts';
import { hangMs } from '../limits.ts';

const root = join(import.meta.dirname, '../..');
// Below node_modules, where node-ssh is found from.
const compiled = join(root, 'node_modules/.cache', `haup-ssh-${process.pid}`);
let server: FakeSsh;

beforeAll(async () => {
  const bundle = await rolldown({
    input: { 'ssh/transport': join(root, 'src/ssh/transport.ts') },
    platform: 'node',
    external: ['node-ssh', 'ssh2'],
    plugins: [hostScripts()],
    transform: { target: 'node20.19' },
  });
  await bundle.write({ dir: compiled, format: 'esm' });
  await bundle.close();
  server = await fakeSsh();
}, 30_000);
afterAll(async () => {
  rmSync(compiled, { recursive: true, force: true });
  await server[Symbol.asyncDispose]();
});

/** Runs these lines with a `connection`, an `options` and a `signal`. */
async function run(body: string, whenItSays: (line: string) => void = () => {}) {
  const spec = {
    name: 'h',
    address: '127.0.0.1',
    interface: null,
    ssh: {
      user: null,
      port: server.port,
      identityFile: null,
      jump: null,
      hostKey: null,
      password: null,
      sudoPassword: null,
    },
  };
  const options = {
    sshConfigFile: sshConfig().file,
    strictHostKey: 'accept-new',
    connectTimeoutMs: hangMs(5000),
    env: { PATH: process.env['PATH'] },
    home: '/nonexistent',
  };
  const file = join(compiled, `run-${Math.random()}.mjs`);
  writeFileSync(
    file,
    `import { connect } from './ssh/transport.js';
     const { signal } = new AbortController();
     const connection = await connect(${JSON.stringify(spec)}, ${JSON.stringify(options)}, signal);
     const command = { script: 'echo hello', root: false, timeoutMs: 60_000 };
     ${body}`,
  );
  const child = spawn(process.execPath, [file], { stdio: 'pipe' });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    whenItSays(chunk.toString().trim());
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

test('it ends when its connections are closed, whatever was going on', async () => {
  const since = performance.now();
  const result = await run(`
    await connection.run(command, signal);
    const running = connection.run({ ...command, script: 'sleep 60' }, signal).catch((error) => error.code);
    const reading = (async () => { for await (const _ of connection.lines({ ...command, script: 'sleep 60' }, signal)); })().catch((error) => error.code);
    setTimeout(() => connection[Symbol.asyncDispose](), 200);
    console.log(await running, await reading);`);
  expect(result).toEqual({ code: 0, out: 'CONNECTION_LOST CONNECTION_LOST\n', err: '' });
  expect(performance.now() - since).toBeLessThan(hangMs(10_000));
});

test('a reset while nobody waits is not an uncaught exception', async () => {
  const result = await run(
    `console.log('ready');
     await new Promise((resolve) => setTimeout(resolve, 400));
     console.log(await connection.run(command, signal).catch((error) => error.code));
     await connection[Symbol.asyncDispose]();`,
    (line) => line === 'ready' && server.reset(),
  );
  expect(result).toEqual({ code: 0, out: 'ready\nCONNECTION_LOST\n', err: '' });
});

test('an abandoned stream and an aborted command leave nothing unhandled', async () => {
  const result = await run(
    `for await (const _ of connection.lines({ ...command, script: 'echo one; sleep 20' }, signal)) break;
     await connection.run({ ...command, script: 'sleep 20' }, AbortSignal.timeout(100)).catch((error) => console.log(error.code));
     await connection[Symbol.asyncDispose]();`,
  );
  expect(result).toEqual({ code: 0, out: 'INTERRUPTED\n', err: '' });
});
