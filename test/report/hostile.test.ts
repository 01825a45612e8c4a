import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeContext } from '../../src/cli/context.ts';
import { HaupError } from '../../src/model/errors.ts';
import type { RunEvent } from '../../src/model/events.ts';
import type { Plan } from '../../src/model/plan.ts';
import { errorText } from '../../src/report/error-text.ts';
import { failoverText, topologyText } from '../../src/report/failover-text.ts';
import { printJson } from '../../src/report/json.ts';
import { lineReporter } from '../../src/report/line-reporter.ts';
import { planText } from '../../src/report/plan-text.ts';
import { gated, oneLine, printable } from '../../src/base/printable.ts';
import { statusText } from '../../src/report/status-text.ts';
import { plainStyle } from '../../src/report/style.ts';
import { verifyText } from '../../src/report/verify-text.ts';
import { change, ill, moved, start, stopDrill, well } from './samples.ts';

/** Everything that a terminal obeys in place of showing. */
const dangerous = /[^\P{Cc}\n]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

const nasty = [
  '\x1b[2J',
  '\x1b]0;owned\x07',
  '\x1b',
  '\x9b31m',
  '\r',
  '\x08',
  '\u202e',
  '\u200b',
  '\u2028',
  '\ud800',
  '\x1b\x1b[31m[31m',
  '\n',
  '\t',
  '\0',
  'keep_136',
  ' ',
];
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...nasty), fc.string({ unit: 'binary', maxLength: 5 })), { maxLength: 12 })
  .map((parts) => parts.join(''));

describe('printable', () => {
  test('drops escape sequences, shows other controls, keeps letters of every script', () => {
    expect(printable('\x1b[31mred\x1b[0m')).toBe('red');
    expect(printable('a\x1bb')).toBe('a\\x1bb');
    expect(printable('a\u202eb\x07')).toBe('a\\u{202e}b\\x07');
    expect(printable('主备 ✓ é')).toBe('主备 ✓ é');
    expect(printable('a\r\nb')).toBe('a\nb');
    expect(oneLine('  a \n  b\n')).toBe('a b');
  });

  test('a sequence that is hidden in another does not come free', () => {
    expect(printable('\x1b\x1b[31m[31m')).not.toContain('\x1b');
  });

  test('never lets anything through, and is done after one pass', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(printable(text)).not.toMatch(dangerous);
        expect(printable(printable(text))).toBe(printable(text));
        expect(oneLine(text)).not.toContain('\n');
      }),
      { numRuns: 500 },
    );
  });
});

describe('the last gate before a terminal', () => {
  const styles = /\x1b\[(1|2|22|31|32|33|36|39)m/g;

  test("haup's own styles and tabs pass, where there is colour; anything else does not", () => {
    fc.assert(
      fc.property(hostile, hostile, fc.boolean(), (one, other, color) => {
        const shown = gated(`${one}\x1b[1m\x1b[31m\tbold\x1b[39m\x1b[22m${other}`, color);
        expect(shown.replaceAll('\t', '').replace(color ? styles : /(?!)/g, '')).not.toMatch(dangerous);
        expect(gated(shown, color)).toBe(shown);
      }),
      { numRuns: 500 },
    );
    expect(gated('\x1b[1m\tbold\x1b[22m', true)).toBe('\x1b[1m\tbold\x1b[22m');
    expect(gated('\x1b[1m\tbold\x1b[22m', false)).toBe('\tbold');
    expect(gated('\x1b[8mhidden\x1b[2J', true)).toBe('hidden');
  });

  test('a command cannot write past it, on stdout or stderr', () => {
    const written: string[] = [];
    const stream = (isTTY: boolean): object => ({
      isTTY,
      columns: 80,
      write: (text: string) => void written.push(text),
      on: () => undefined,
    });
    for (const isTTY of [true, false]) {
      const proc = {
        ...process,
        env: {},
        argv: ['', ''],
        on: () => undefined,
        cwd: () => '/',
        getuid: () => 1,
      };
      const streams = { stdin: stream(isTTY), stdout: stream(isTTY), stderr: stream(isTTY) };
      const context = makeContext({ ...proc, ...streams } as unknown as NodeJS.Process, { flag: 'auto' });
      for (const text of nasty) {
        context.out(text);
        context.err(`keep_136: locked by ${text}\n`);
      }
    }
    expect(written.length).toBe(nasty.length * 4);
    expect(written.join('').replaceAll('\t', '').replace(styles, '')).not.toMatch(dangerous);
  });

  test('JSON', () => {
    fc.assert(
      fc.property(fc.dictionary(hostile, hostile), (data) => {
        const written: string[] = [];
        printJson((text) => void written.push(text), data, 'line');
        const [line = '', ...more] = written;
        expect(more).toEqual([]);
        expect(line).toMatch(/^[^\n]*\n$/);
        expect(line).not.toMatch(dangerous);
        expect(gated(line, true)).toBe(line);
        expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify(data)));
      }),
    );
  });
});

describe('what a host says cannot reach the terminal raw', () => {
  test('errors', () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, hostile, fc.boolean(), (message, host, hint, detail, debug) => {
        const error = new HaupError('COMMAND_FAILED', message, {
          host,
          hint,
          detail: [detail],
          cause: new Error(detail),
        });
        expect(errorText(error, plainStyle, { debug, width: 80 })).not.toMatch(dangerous);
        expect(errorText(new Error(message), plainStyle, { debug, versions: host })).not.toMatch(dangerous);
      }),
    );
  });

  test('plans', () => {
    fc.assert(
      fc.property(
        hostile,
        hostile,
        hostile,
        hostile,
        hostile,
        fc.boolean(),
        (host, title, why, before, after, verbose) => {
          const work = [
            { host, changes: [change('a', title, why, [start], [{ path: title, before, after }])] },
          ];
          const plan: Plan = {
            tracks: [[{ title, work, gate: [] }], [{ title, work, gate: [] }]],
            same: [{ host, what: why }],
            want: [],
          };
          expect(planText(plan, plainStyle, { diffs: true, width: 80, verbose })).not.toMatch(dangerous);
          expect(planText({ ...plan, tracks: [] }, plainStyle, { diffs: true, width: 80 })).not.toMatch(
            dangerous,
          );
        },
      ),
    );
  });

  test('reports', () => {
    fc.assert(
      fc.property(
        hostile,
        hostile,
        hostile,
        fc.integer({ min: 20, max: 120 }),
        (host, address, text, width) => {
          const drill = { ...stopDrill, from: host, to: text, drill: text, ok: false, reasons: [text] };
          const timeline = stopDrill.timeline.map((held) => ({ ...held, host }));
          const status = {
            ...well,
            vips: [{ address, members: [host], holders: [host, text], expected: text }],
            hosts: [
              {
                ...ill.hosts[0],
                name: host,
                reachable: true,
                keepalived: { state: text, version: text },
                nginx: null,
                drained: false,
              },
            ],
            findings: [
              {
                check: 'http' as const,
                level: 'fail' as const,
                host,
                vip: address,
                message: text,
                hint: text,
              },
            ],
          };
          const topology = [{ address, holders: [host] }];
          const report = {
            ...moved,
            host,
            before: topology,
            after: [],
            vips: [],
            reasons: [text],
            ok: false,
          };
          for (const shown of [
            verifyText(
              { version: 1, ok: false, vips: [{ address, drills: [{ ...drill, timeline }] }] },
              plainStyle,
              width,
            ),
            statusText(status, plainStyle, { width }),
            failoverText(report, plainStyle, width),
            topologyText(topology, plainStyle, width),
          ]) {
            expect(shown).not.toMatch(dangerous);
          }
        },
      ),
    );
  });

  test('lines and NDJSON', () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, fc.boolean(), (host, text, note, json) => {
        const one = change('a', text, note, [start]);
        const events: readonly RunEvent[] = [
          { type: 'said', host, text },
          { type: 'changing', host, change: one },
          { type: 'step', host, change: one, note },
          { type: 'changed', host, change: one, ms: 1 },
          {
            type: 'failed',
            host,
            error: new HaupError('COMMAND_FAILED', text, { hint: note, detail: [note] }),
          },
          { type: 'finding', finding: { check: 'http', level: 'fail', host, message: text, hint: note } },
        ];
        let out = '';
        const reporter = lineReporter((part) => (out += part), { json });
        for (const event of events) reporter.emit(event);
        expect(out).not.toMatch(dangerous);
        expect(out.split('\n')).toHaveLength(events.length + 1);
        if (json) expect(JSON.parse(out.split('\n')[0] ?? '')).toEqual({ type: 'said', host, text });
      }),
    );
  });
});
