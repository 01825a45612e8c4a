import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './haup.ts';

export interface Load {
  /** Stops asking, and tells what was seen of one VIP each. */
  end(): Promise<readonly Seen[]>;
}

export interface Seen {
  readonly address: string;
  readonly total: number;
  readonly lost: number;
  readonly retried: number;
  readonly longestGapMs: number;
}

/** haup's own sampler, as a process in the lab's switch, until its stdin ends. */
const script = (addresses: readonly string[]): string => `
import { sampleLoop } from ${JSON.stringify(join(root, 'dist/verify/sample-loop.js'))};
import { outage } from ${JSON.stringify(join(root, 'dist/verify/outage.js'))};
const addresses = ${JSON.stringify(addresses)};
const samples = new Map(addresses.map((address) => [address, []]));
const now = () => performance.now();
const loop = sampleLoop(
  { targets: addresses.map((address) => ({ address, port: 80 })), intervalMs: 10, timeoutMs: 900, limitMs: 300_000 },
  now,
  (batches) => { for (const batch of batches) samples.get(batch.address).push(...batch.samples); },
);
console.log('asking');
process.stdin.resume().on('end', async () => {
  await loop.stop();
  console.log(JSON.stringify(addresses.map((address) => ({ address, ...outage(samples.get(address), 10) }))));
  process.exit(0);
});
`;

/** Asks every VIP of a lab a hundred times a second from now on. */
export async function startLoad(lab: string, addresses: readonly string[]): Promise<Load> {
  const args = ['lab', 'exec', '--name', lab, '--', process.execPath, '--input-type=module', '-e'];
  const child = spawn(process.execPath, [join(root, 'dist/bin.js'), ...args, script(addresses)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let said = '';
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const asking = new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => reject(new Error(`the load ended: ${said}`)));
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
      if (said.includes('asking\n')) resolve();
    });
  });
  await asking;
  return {
    end: async () => {
      child.stdin.end();
      await ended;
      return JSON.parse(said.slice(said.indexOf('['))) as readonly Seen[];
    },
  };
}
