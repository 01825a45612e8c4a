import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/model/events.ts';
import { Secret } from '../../src/model/secret.ts';
import { lineReporter } from '../../src/report/line-reporter.ts';
import { build, change, configureFailed, several } from './samples.ts';

const one = change(
  'build:nginx',
  'Build nginx 1.22.1',
  'nginx is not installed',
  [build],
  [{ path: '/etc/a', before: null, after: 'content of a file' }],
);

const events: readonly RunEvent[] = [
  { type: 'connecting', host: 'keep_136' },
  { type: 'connected', host: 'keep_136' },
  { type: 'changing', host: 'keep_136', change: one },
  { type: 'step', host: 'keep_136', change: one, note: 'make' },
  { type: 'changed', host: 'keep_136', change: one, ms: 83_200 },
  { type: 'failed', error: configureFailed },
  { type: 'failed', error: several },
  { type: 'finding', finding: { check: 'http', level: 'ok', host: 'keep_136', message: 'nginx answers' } },
  {
    type: 'finding',
    finding: {
      check: 'one-holder',
      level: 'fail',
      vip: '192.168.160.161',
      message: 'two holders',
      hint: 'haup status',
    },
  },
  { type: 'said', text: 'drill stop keep_136: 192.168.160.161 → keep_137' },
  { type: 'said', host: 'keep_136', text: 'starts keepalived again' },
];

function written(json: boolean, all: readonly RunEvent[] = events): string {
  let text = '';
  const reporter = lineReporter((part) => (text += part), { json, now: () => Date.UTC(2030, 0, 2) });
  for (const event of all) reporter.emit(event);
  reporter.end();
  return text;
}

describe('lineReporter', () => {
  test('plain: one line an event', async () => {
    expect(written(false).split('\n')).toHaveLength(events.length + 1);
    await expect(written(false)).toMatchFileSnapshot('../golden/report/lines.txt');
  });

  test('json: one document an event', async () => {
    const documents = written(true)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(documents.map(({ type }) => type)).toEqual(events.map(({ type }) => type));
    await expect(written(true)).toMatchFileSnapshot('../golden/report/lines.ndjson');
  });

  test('json: neither the bytes nor the diffs of a change, nor a secret', () => {
    const secret = new Secret('hunter2', 'env:PASS');
    const event = { type: 'said', text: 'x', secret } as unknown as RunEvent;
    expect(written(true)).not.toContain('content of a file');
    expect(written(true, [event])).not.toContain('hunter2');
  });
});
