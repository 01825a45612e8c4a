/** What a move measured, beside what it was allowed to be. Pure; milliseconds on one clock. */

import type { HostName } from '../model/domain.ts';
import type { RequestFigures, HolderSpan, HeldTimes, Span } from '../model/report.ts';
import type { Bound } from '../measure/bounds.ts';
import { type AddressEvent, heldTimes, tenures } from '../measure/tenures.ts';
import { type HttpOutage, isAnswered, outage, type Sample } from '../measure/outage.ts';

/** One VIP on its way from one host to another, as it was seen. */
export interface MoveObservation {
  readonly address: string;
  /** Null: no host had it. */
  readonly from: HostName | null;
  readonly to: HostName;
  readonly bound: Bound;
  /** From the command to the end of the watching. */
  readonly window: Span;
  /** Requests sent before the window belong to it, too, when they are given. */
  readonly samples: readonly Sample[];
  readonly intervalMs: number;
  /** All events since the watching began. */
  readonly events: readonly AddressEvent[];
  readonly clockErrorMs: number;
  /** When the new holder had it alone and answered; null: it did not. */
  readonly arrivedMs: number | null;
}

export interface MoveVerdict extends RequestFigures, HeldTimes {
  readonly unanswered: readonly Span[];
  readonly answeredBy: readonly HolderSpan[];
  readonly stalledMs: number;
  readonly everyMs: number;
  /** Why it is not as it should be, one sentence each; empty: all is well. */
  readonly reasons: readonly string[];
}

/** A host that has just got or lost a VIP may answer this much before or after its kernel's word is stamped. */
const wordLateMs = 50;

export function judgeMove(observed: MoveObservation): MoveVerdict {
  const { bound, window, samples, intervalMs, events } = observed;
  const http = outage(samples, intervalMs);
  const held = tenures([], events, window);
  const { bothHeldMs, noneHeldMs } = heldTimes(held);
  return {
    outageMs: http.longestGapMs,
    lost: http.lost,
    total: http.total,
    retried: http.retried,
    unanswered: http.unanswered,
    answeredBy: http.answeredBy,
    stalledMs: http.stalledMs,
    everyMs: http.everyMs,
    bothHeldMs,
    noneHeldMs,
    reasons: [
      ...arrival(observed, held.at(-1)?.holders ?? []),
      ...outageReasons(bound, http),
      ...(observed.clockErrorMs > clockLimitMs
        ? [unmeasured(observed.clockErrorMs)]
        : [...heldReasons(observed, { bothHeldMs, noneHeldMs }), ...wrongHost(observed)]),
    ],
  };
}

function arrival(
  { to, from, window, arrivedMs }: MoveObservation,
  holders: readonly HostName[],
): readonly string[] {
  const took = inSeconds(window.toMs - window.fromMs);
  if (holders.length > 1) return [`${holders.join(' and ')} both have it at the end: split brain`];
  if (holders.length === 0) return [`no host has it at the end, ${took} after the command`];
  if (holders[0] !== to) {
    return [
      holders[0] === from
        ? `${from} still has it after ${took}`
        : `${holders[0]} has it at the end, not ${to}`,
    ];
  }
  if (arrivedMs === null) return [`${to} has it, but did not answer within ${took}`];
  return [];
}

/**
 * An address moves and its connections do not: a request that is on its way in the instant of the move is cut, and
 * lost to a client that does not retry. Those of one instant are said and are no failure; one that no second
 * connection answers is.
 */
const instantMs = 50;

export function outageReasons(bound: Bound, http: HttpOutage): readonly string[] {
  const { longestGapMs, lost, retried, lostWithinMs } = http;
  const allowed = bound.outageMs + bound.allowanceMs;
  const reasons: string[] = [];
  const never = lost - retried;
  if (bound.lossless && never > 0) {
    reasons.push(`${were(never)} lost, and no second connection answered ${never === 1 ? 'it' : 'them'}`);
  } else if (bound.lossless && lostWithinMs > instantMs) {
    reasons.push(`${were(lost)} lost over ${inMs(lostWithinMs)}, and only those of one instant may be`);
  }
  if (longestGapMs > allowed) {
    reasons.push(
      `the outage of ${inMs(longestGapMs)} is over the bound of ${inMs(bound.outageMs)} plus the allowance of ${inMs(bound.allowanceMs)}`,
    );
  }
  return reasons;
}

/**
 * What the hosts' kernels say is judged as loosely as their clocks are known, and no more loosely than this: a round
 * trip round the world, and a shell that starts there.
 */
const clockLimitMs = 500;

const unmeasured = (clockErrorMs: number): string =>
  `who had it when was not measured: the times of the hosts may be wrong by ${inSeconds(clockErrorMs)}, and ${inSeconds(clockLimitMs)} is the most; a clock was set meanwhile, or the connection is slow`;

function heldReasons(
  { bound, clockErrorMs }: MoveObservation,
  { bothHeldMs, noneHeldMs }: HeldTimes,
): readonly string[] {
  const allowance = bound.allowanceMs + clockErrorMs;
  const reasons: string[] = [];
  if (bound.bothHeldMs !== null && bothHeldMs > bound.bothHeldMs + allowance) {
    reasons.push(
      `two hosts had it for ${inMs(bothHeldMs)}, and ${inMs(bound.bothHeldMs + allowance)} is allowed`,
    );
  }
  if (noneHeldMs > bound.noneHeldMs + allowance) {
    reasons.push(
      `no host had it for ${inMs(noneHeldMs)}, and ${inMs(bound.noneHeldMs + allowance)} is allowed`,
    );
  }
  return reasons;
}

/** Answers by a host whose kernel did not have the VIP then, or that did not say who it is. */
function wrongHost({ address, samples, events, window, clockErrorMs }: MoveObservation): readonly string[] {
  const answers = samples.filter(isAnswered);
  const nameless = answers.filter(({ host, status }) => host === null && status !== null).length;
  const slack = clockErrorMs + wordLateMs;
  const from = Math.min(window.fromMs, ...answers.map(({ sentAt }) => sentAt)) - 2 * slack;
  const to = Math.max(window.toMs, ...answers.map(({ answeredAt }) => answeredAt)) + slack;
  const held = tenures([], events, { fromMs: from, toMs: to });
  const wrong = new Map<HostName, number>();
  for (const { host, sentAt, answeredAt } of answers) {
    if (host === null) continue;
    const rightful = held.some(
      (tenure) =>
        tenure.toMs >= sentAt - slack && tenure.fromMs <= answeredAt + slack && tenure.holders.includes(host),
    );
    if (!rightful) wrong.set(host, (wrong.get(host) ?? 0) + 1);
  }
  return [
    ...(nameless === 0
      ? []
      : [
          `${nameless} answer${nameless === 1 ? ' does' : 's do'} not say which host gave it: is ${address} served by haup's nginx?`,
        ]),
    ...[...wrong].map(
      ([host, count]) =>
        `${host} answered ${count} request${count === 1 ? '' : 's'} while its kernel did not have it`,
    ),
  ];
}

const were = (count: number): string => `${count} request${count === 1 ? ' was' : 's were'}`;
const inMs = (ms: number): string => `${Math.round(ms)} ms`;
const inSeconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
