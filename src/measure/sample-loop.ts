import type { Sample } from './outage.ts';
import type { Target } from './ask.ts';
import { type OpenRequest, request } from './probe-request.ts';

export interface SampleOptions {
  readonly targets: readonly Target[];
  /** Between two requests to one target. */
  readonly intervalMs: number;
  /** A request whose first connection has no answer after this is lost. */
  readonly timeoutMs: number;
  /** Sampling ends by itself after this. */
  readonly limitMs: number;
}

/** What the thread says before the first batch. */
export interface SamplerStart {
  /** When the first request is due. */
  readonly startMs: number;
  /** It runs before ordinary programs of this machine. */
  readonly first: boolean;
}

/** The samples of one target that ended since the last batch. */
export interface SampleBatch {
  readonly address: string;
  readonly samples: readonly Sample[];
}

/** When requests are due: the first at `startMs`, the others an interval after each other. */
export interface Pace {
  readonly startMs: number;
  /** Calls `tick` whenever one is due. */
  begin(tick: () => void): void;
  end(): void;
}

export interface SampleLoop {
  /** Sends no more, and resolves when every request under way has ended. */
  stop(): Promise<void>;
}

const batchMs = 25;

/**
 * A tick that is this late was a stall of this machine, and requests under way get its time on top of
 * theirs. Less than that they have to spare; and the sum of many small ones would let TCP's own second
 * try, after a second, pass for an answer.
 */
const stallMs = 100;

/**
 * How long an answer may take before the request tries a second connection. In the instant of a move a
 * first packet can go to the host that has just let go. TCP would send it again after a second, because
 * it knows nothing of a new connection's path (RFC 6298 2.1); here the path is known from the requests
 * before, so three times their time is enough. The first connection goes on beside it, and says whether the
 * request is lost to a client that does not retry; what the second one answers is counted apart, as `retried`.
 */
const patience = { leastMs: 25, times: 3 };

/**
 * Sends a request to every target each interval. The schedule is fixed at the start, so it does not
 * drift, and slots that were missed stay empty: after a stall there is no burst, and the hole is seen.
 */
export function sampleLoop(
  options: SampleOptions,
  now: () => number,
  pace: Pace,
  emit: (batches: readonly SampleBatch[]) => void,
): SampleLoop {
  const { targets, intervalMs, timeoutMs, limitMs } = options;
  const start = pace.startMs;
  /** Each with the stalls that there had been when it was sent. */
  const under = new Map<OpenRequest, number>();
  const ended = new Map<string, Sample[]>(targets.map(({ address }) => [address, []]));
  let flushed = start;
  let slot = 0;
  let usual = 0;
  let stalls = 0;
  let expected = start + intervalMs;
  let stopping = false;
  let resolve: () => void = () => {};
  const over = new Promise<void>((settle) => {
    resolve = settle;
  });

  const flush = (): void => {
    const batches = [...ended].flatMap(([address, samples]) =>
      samples.length > 0 ? [{ address, samples: samples.splice(0) }] : [],
    );
    if (batches.length > 0) emit(batches);
    flushed = now();
  };
  let done = false;
  /** Judges as of the tick that ordered it: a stall in between is seen by the next one. */
  const sweep = (at: number): void => {
    if (done) return;
    const again = Math.max(patience.leastMs, patience.times * usual);
    for (const [pending, before] of under) {
      // What this machine stalled is no time that the answer took.
      const age = at - pending.sentAt - (stalls - before);
      // In order of sending: the first that is young enough ends the search.
      if (age < again) break;
      if (age < timeoutMs) pending.again();
      else pending.give('timeout');
    }
    if (stopping && under.size === 0) {
      done = true;
      pace.end();
      flush();
      resolve();
      return;
    }
    if (now() - flushed >= batchMs) flush();
  };
  const send = (target: Target): void => {
    const pending: OpenRequest = request(target, now, (sample) => {
      under.delete(pending);
      if (sample.answeredAt !== null && !sample.retried)
        usual += (sample.answeredAt - sample.sentAt - usual) / 8;
      ended.get(target.address)?.push(sample);
    });
    under.set(pending, stalls);
  };
  const tick = (): void => {
    const at = now();
    if (at - expected > stallMs) stalls += at - expected;
    if (at - start >= limitMs) stopping = true;
    const due = Math.floor((at - start) / intervalMs);
    if (!stopping && due > slot) {
      slot = due;
      for (const target of targets) send(target);
    }
    // After a stall, answers that have arrived are read before anything is called lost.
    setImmediate(sweep, at);
    expected = start + (due + 1) * intervalMs;
  };
  pace.begin(tick);
  return {
    stop: () => {
      stopping = true;
      return over;
    },
  };
}
