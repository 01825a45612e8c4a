import type { Writable } from 'node:stream';
import type { HostSpec } from '../model/domain.ts';
import type { StreamFacts } from '../report/style.ts';
import type { openDrillEnvironment } from './drill-environment.ts';
import type { ReachedHost, ReachOptions } from './reach-host.ts';

type TerminalStream = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

/** The outside world of a command: the process, and how hosts are reached. Tests put their own in its place. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  /** Who runs haup and where, for locks and logs: `ana@workstation`. */
  readonly operator: string;
  readonly pid: number;
  readonly haupVersion: string;
  /** The node binary, its version and the running script: used to start haup again inside a lab. */
  readonly node: string;
  readonly nodeVersion: string;
  readonly platform: NodeJS.Platform;
  readonly script: string;
  readonly isRoot: boolean;
  /** Aborts on the first SIGINT, SIGTERM or SIGHUP, and while hosts are being changed also when the output is closed. */
  readonly signal: AbortSignal;
  /** Hosts are being changed until it is disposed: what was begun is ended in order, even if the output is closed. */
  readonly changing: () => Disposable;
  /** Whether both streams are still open. If not, the exit code says so. */
  readonly isRead: () => boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly stdout: StreamFacts;
  readonly stderr: StreamFacts;
  /** The raw streams, for the board and the live screen, which redraw. */
  readonly stdoutStream: TerminalStream;
  readonly stderrStream: TerminalStream;
  readonly readStdin: () => Promise<string>;
  /** Both ends are a terminal, so a question can be asked. */
  readonly isTty: boolean;
  /** Asks a yes/no question. Rejects with CONFIRMATION_NEEDED without a terminal. */
  readonly confirm: (question: string) => Promise<boolean>;
  /** Connects to a host. Rejects with a HaupError. */
  readonly reach: (spec: HostSpec, options: ReachOptions) => Promise<ReachedHost>;
  /** Watches the addresses of hosts and samples their VIPs, for a move or a drill. */
  readonly openEnvironment: typeof openDrillEnvironment;
}
