import { expect, test } from 'vitest';
import { connectionsText, graceTexts } from '../../src/report/connections-text.ts';
import type { DrillReport } from '../../src/model/report.ts';
import { cutConnections } from './samples.ts';

test('each kind with what became of it, and when', () => {
  expect(connectionsText(cutConnections)).toBe(
    '20 busy keep-alive: all cut after 652 to 870 ms; 20 idle keep-alive: 19 kept, 1 closed by the server; ' +
      '20 with a request under way: 17 cut after 652 ms to 12.3 s, 3 without an answer after the move',
  );
});

test('a moment is no span, and one connection is not all', () => {
  const one = { kind: 'http2', open: 1, kept: 0, closed: 0, cut: 1, unanswered: 0 } as const;
  expect(connectionsText([{ ...one, cutMs: { fromMs: 3.2, toMs: 3.4 } }])).toBe('1 HTTP/2: 1 cut after 3 ms');
});

test("clients' connections in a drill, each way", () => {
  const kept = { open: 12, asked: 0, cut: 0, afterMs: 3_200, why: null };
  const drill = { from: 'keep_136', to: 'keep_137', grace: kept, failback: { grace: { ...kept, open: 1 } } };
  expect(graceTexts(drill as unknown as DrillReport)).toEqual([
    '12 connections to keep_136 were open; all ended by themselves within 3.2 s',
    'on the way back 1 connection to keep_137 was open; all ended by themselves within 3.2 s',
  ]);
  expect(graceTexts({ from: 'keep_136', to: 'keep_137', failback: null } as unknown as DrillReport)).toEqual(
    [],
  );
});
