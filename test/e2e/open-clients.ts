import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { readSpec } from '../../src/lab/lab-state.ts';
import { defaultRoots, labPaths, switchAddress } from '../../src/lab/names.ts';
import { hangMs } from '../limits.ts';
import { eventually, onHost, within } from './haup.ts';
import { soak } from './own-lab.ts';

/** Clients that keep their connections open, on the network of a lab, and what stands behind a proxied site. */

export interface Kind {
  /** At the end, and how many ended in order, or were answered. */
  readonly open: number;
  readonly cut: readonly (readonly [ms: number, why: string])[];
  readonly closed: number;
  readonly done: number;
  readonly lost: number;
  readonly total: number;
}
export type Kinds = Readonly<
  Record<'posts' | 'downloads' | 'uploads' | 'idle' | 'sockets' | 'http2posts', Kind>
>;

export interface Clients {
  /** Resolves when all are connected. */
  readonly connected: Promise<void>;
  /** They go on for 3 s, then transfers end at full speed, and the clients with them. */
  readonly end: () => void;
  /** What became of them. */
  readonly ended: Promise<Kinds>;
}

function clients(lab: string, vip: string, wanted: object, running: ChildProcess[]): Clients {
  const child = spawn('nsenter', [
    ...within(lab),
    process.execPath,
    join(import.meta.dirname, 'open-connections.mjs'),
    vip,
    JSON.stringify(wanted),
  ]);
  running.push(child);
  let text = '';
  child.stdout.on('data', (bytes: Buffer) => (text += bytes.toString('utf8')));
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const line = async (index: number): Promise<string> => {
    await eventually(
      `line ${index} of the clients`,
      () => text.split('\n').length > index + 1,
      hangMs(200_000),
    );
    return text.split('\n')[index] ?? '';
  };
  return {
    connected: line(0).then(() => undefined),
    end: () => void child.stdin.write('end\n'),
    ended: line(1).then(async (said) => {
      await closed;
      return JSON.parse(said) as Kinds;
    }),
  };
}

/** Every kind that every nginx speaks; in a soak as many as a service has, with transfers of 30 s. */
export const all =
  soak > 0
    ? { posts: 200, downloads: 20, uploads: 20, idle: 50, sockets: 20, everyMs: 100, lastMs: 30_000 }
    : { posts: 50, downloads: 5, uploads: 5, idle: 10, sockets: 5 };

/** Of everything that is repeated in a soak. */
export const rounds: readonly number[] = Array.from({ length: Math.max(1, soak) }, (_, at) => at + 1);

export const wordsOf = (kinds: Kinds): string =>
  Object.entries(kinds)
    .map(
      ([kind, { cut, lost, total, done }]) =>
        `${kind}: ${cut.length} cut${cutText(cut)}, ${lost} lost of ${total || done}`,
    )
    .join('; ');

/** Why and when: ` (158 no answer, 38123 to 38124 ms)`. */
function cutText(cut: Kind['cut']): string {
  if (cut.length === 0) return '';
  const whys = [...new Set(cut.map(([, why]) => why))];
  const counts = whys.map((why) => `${cut.filter((one) => one[1] === why).length} ${why}`);
  const times = cut.map(([ms]) => ms);
  return ` (${counts.join(', ')}, ${Math.min(...times)} to ${Math.max(...times)} ms)`;
}

/** What a grace has put on hosts; empty: nothing. */
export async function graceLeftOn(lab: string, host: string): Promise<string> {
  const said = await onHost(
    lab,
    host,
    `nft list ruleset; ip -o -4 addr show dev lo; cat /proc/sys/net/ipv4/conf/ens33/arp_ignore /proc/sys/net/ipv4/conf/ens33/arp_announce
ls /run/haup.grace; systemctl list-units --all --plain --no-legend 'haup-grace-*'`,
  );
  const none = '1: lo inet 127.0.0.1/8 scope host lo\\ valid_lft forever preferred_lft forever\n0\n0\nlock\n';
  return said.replace(/ +/g, ' ').replace(none, '');
}

/** Whatever of this still runs ends with `stop`. */
export function openClients(lab: string) {
  const running: ChildProcess[] = [];
  return {
    clients: (vip: string, wanted: object): Clients => clients(lab, vip, wanted, running),
    /** What a proxied site passes requests on to; resolves to its address and port. */
    serveApp: async (): Promise<string> => {
      const spec = await readSpec(labPaths(defaultRoots, lab));
      if (spec === null) throw new Error('the lab is not up');
      const address = switchAddress(spec);
      const child = spawn('nsenter', [
        ...within(lab),
        process.execPath,
        join(import.meta.dirname, 'app-server.mjs'),
        address,
        '8080',
      ]);
      running.push(child);
      await new Promise<void>((resolve, reject) => {
        child.stdout.once('data', () => resolve());
        child.once('exit', (code) => reject(new Error(`the server of the tests ended with ${code}`)));
      });
      return `${address}:8080`;
    },
    stop: (): void => running.forEach((child) => void child.kill('SIGKILL')),
  };
}
