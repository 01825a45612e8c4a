/** The live view of a run as data: what happened to each host so far. board-text.ts draws it. */

import type { HostName } from '../model/domain.ts';
import type { ErrorCode } from '../model/errors.ts';
import type { RunEvent } from '../model/events.ts';
import type { Plan } from '../model/plan.ts';
import { truncate } from './columns.ts';
import { oneLine } from '../base/printable.ts';

export interface Board {
  readonly startedMs: number;
  /** The last thing said about the whole run, and when. */
  readonly said: { readonly text: string; readonly atMs: number } | null;
  readonly rows: readonly Row[];
}

export interface Row {
  readonly host: HostName;
  /** The name as it is shown. */
  readonly label: string;
  readonly state: 'waiting' | 'connecting' | 'connected' | 'changing' | 'failed';
  /** Code of the first error; it stays, also while the host is put back as it was. */
  readonly error: ErrorCode | null;
  /** Title of the change, now or last. */
  readonly doing: string;
  /** What the change is at: `make`. */
  readonly step: string;
  readonly sinceMs: number;
  readonly done: number;
  /** Changes that the plan has for it; null when there is no plan yet. */
  readonly planned: number | null;
  /** When its first change began and its last one ended. */
  readonly workedMs: readonly [number, number] | null;
}

/** With a plan each host shows how many of its changes are done. */
export function newBoard(hosts: readonly HostName[], plan: Plan | undefined, nowMs: number): Board {
  const work = plan?.tracks.flat().flatMap((stage) => stage.work);
  return {
    startedMs: nowMs,
    said: null,
    rows: hosts.map((host) => ({
      ...waiting(host, nowMs),
      planned:
        work?.filter((each) => each.host === host).reduce((sum, each) => sum + each.changes.length, 0) ??
        null,
    })),
  };
}

/** The board after an event that came at `nowMs`. */
export function boardAfter(board: Board, event: RunEvent, nowMs: number): Board {
  if (event.type === 'said' && event.host === undefined) {
    return isWorking(board) ? board : { ...board, said: { text: oneLine(event.text), atMs: nowMs } };
  }
  if (event.type === 'said' || event.type === 'finding') return board;
  const host = event.type === 'failed' ? (event.host ?? event.error.host) : event.host;
  if (host === undefined) return board;
  const rows = board.rows.some((row) => row.host === host)
    ? board.rows
    : [...board.rows, waiting(host, nowMs)];
  const after = rows.map((row) => (row.host === host ? rowAfter(row, event, nowMs) : row));
  return { ...board, said: event.type === 'changing' ? null : board.said, rows: after };
}

/** Once hosts are changed the board is about them; before, and in other runs, about what was said last. */
export function isWorking(board: Board): boolean {
  return board.rows.some((row) => row.planned !== null || row.workedMs !== null);
}

function waiting(host: HostName, nowMs: number): Row {
  return {
    host,
    label: truncate(oneLine(host), nameLimit),
    state: 'waiting',
    error: null,
    doing: '',
    step: '',
    sinceMs: nowMs,
    done: 0,
    planned: null,
    workedMs: null,
  };
}

function rowAfter(row: Row, event: Exclude<RunEvent, { type: 'said' | 'finding' }>, nowMs: number): Row {
  const worked = (began: number): readonly [number, number] => [row.workedMs?.[0] ?? began, nowMs];
  switch (event.type) {
    case 'connecting':
    case 'connected':
      return { ...row, state: event.type, doing: '', step: '', sinceMs: nowMs };
    case 'changing':
      return {
        ...row,
        state: 'changing',
        doing: oneLine(event.change.title),
        step: '',
        sinceMs: nowMs,
        workedMs: worked(nowMs),
      };
    case 'step':
      return { ...row, state: 'changing', doing: oneLine(event.change.title), step: oneLine(event.note) };
    case 'changed':
      return {
        ...row,
        state: 'connected',
        sinceMs: nowMs,
        done: row.done + 1,
        workedMs: worked(nowMs - event.ms),
      };
    case 'failed':
      return {
        ...row,
        state: 'failed',
        error: row.error ?? event.error.code,
        sinceMs: nowMs,
        workedMs: row.workedMs === null ? null : worked(nowMs),
      };
  }
}

/** A longer name of a host is cut: the room is for what happens there. */
const nameLimit = 20;
