import type { Sample } from './outage.ts';
import type { Target } from './ask.ts';
import { type OpenRequest, request } from './probe-request.ts';

export interface SampleOptions {
  readonly targets: readonly Target[];
  /** Between two requests to one target. */
  readonly intervalMs: number;
  /** A request whose first connection has no answer after this is lost. */
  readonly timeoutMs: number;
  /** Sampling ends after this. */
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
  const { targets, intervalMs, limitMs } = options;
  const start = pace.startMs;
  const ended = batching(targets, start, now, emit);
  const requests = openRequests(options.timeoutMs, now, ended.add);
  let slot = 0;
  let stalledMs = 0;
  let expected = start + intervalMs;
  let stopping = false;
  let done = false;
  let resolve: () => void = () => {};
  const over = new Promise<void>((settle) => {
    resolve = settle;
  });

  /** Judges as of the tick that ordered it: a stall in between is seen by the next one. */
  const sweep = (at: number): void => {
    if (done) return;
    requests.judge(at, stalledMs);
    if (!stopping || requests.pending() > 0) return ended.flushWhenDue();
    done = true;
    pace.end();
    ended.flush();
    resolve();
  };
  const tick = (): void => {
    const at = now();
    if (at - expected > stallMs) stalledMs += at - expected;
    if (at - start >= limitMs) stopping = true;
    const due = Math.floor((at - start) / intervalMs);
    if (!stopping && due > slot) {
      slot = due;
      for (const target of targets) requests.send(target, stalledMs);
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

interface OpenRequests {
  pending(): number;
  /** `stalledMs`: all that this machine has stalled so far. */
  send(target: Target, stalledMs: number): void;
  /** Ends or repeats the requests that take too long. */
  judge(atMs: number, stalledMs: number): void;
}

function openRequests(
  timeoutMs: number,
  now: () => number,
  ended: (address: string, sample: Sample) => void,
): OpenRequests {
  /** Each with the stalls that there had been when it was sent. */
  const open = new Map<OpenRequest, number>();
  /** How long an answer takes, over about eight of them. */
  let usualMs = 0;
  return {
    pending: () => open.size,
    send: (target, stalledMs) => {
      const pending: OpenRequest = request(target, now, (sample) => {
        open.delete(pending);
        if (sample.answeredAt !== null && !sample.retried)
          usualMs += (sample.answeredAt - sample.sentAt - usualMs) / 8;
        ended(target.address, sample);
      });
      open.set(pending, stalledMs);
    },
    judge: (atMs, stalledMs) => {
      const again = Math.max(patience.leastMs, patience.times * usualMs);
      for (const [pending, before] of open) {
        // Time that this machine stalled does not count.
        const age = atMs - pending.sentAt - (stalledMs - before);
        // In order of sending: the first that is young enough ends the search.
        if (age < again) break;
        if (age < timeoutMs) pending.again();
        else pending.give('timeout');
      }
    },
  };
}

interface Batching {
  readonly add: (address: string, sample: Sample) => void;
  readonly flush: () => void;
  readonly flushWhenDue: () => void;
}

/** Collects samples, and passes them on in batches: a message between threads for each would cost too much. */
function batching(
  targets: readonly Target[],
  startMs: number,
  now: () => number,
  emit: (batches: readonly SampleBatch[]) => void,
): Batching {
  const ended = new Map<string, Sample[]>(targets.map(({ address }) => [address, []]));
  let flushed = startMs;
  const flush = (): void => {
    const batches = [...ended].flatMap(([address, samples]) =>
      samples.length > 0 ? [{ address, samples: samples.splice(0) }] : [],
    );
    if (batches.length > 0) emit(batches);
    flushed = now();
  };
  return {
    add: (address, sample) => void ended.get(address)?.push(sample),
    flush,
    flushWhenDue: () => {
      if (now() - flushed >= batchMs) flush();
    },
  };
}
