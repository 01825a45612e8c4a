import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { errorText } from '../../src/report/error-text.ts';
import { failoverText } from '../../src/report/failover-text.ts';
import { planText } from '../../src/report/plan-text.ts';
import { statusText } from '../../src/report/status-text.ts';
import { plainStyle, type Style } from '../../src/report/style.ts';
import { colorStyle } from '../../src/report/terminal.ts';
import { verifyText } from '../../src/report/verify-text.ts';
import { emptyPlan, freshPlan, ill, moved, refuted, several, smallPlan, verified, well } from './samples.ts';

const texts: Readonly<Record<string, (style: Style, width: number) => string>> = {
  'a fresh plan': (style, width) => planText(freshPlan, style, { diffs: true, width, verbose: true }),
  'a small plan': (style, width) => planText(smallPlan, style, { diffs: true, width }),
  'an empty plan': (style, width) => planText(emptyPlan, style, { diffs: true, width }),
  errors: (style, width) => errorText(several, style, { debug: false, width }),
  bugs: (style, width) => errorText(new Error('boom'), style, { debug: true, width, versions: 'haup 1' }),
  well: (style, width) => statusText(well, style, { width }),
  ill: (style, width) => statusText(ill, style, { width }),
  verified: (style, width) => verifyText(verified, style, width),
  refuted: (style, width) => verifyText(refuted, style, width),
  failover: (style, width) => failoverText(moved, style, width),
};

describe('colour adds nothing but colour', () => {
  test.each(Object.entries(texts))('%s', async (_, text) => {
    const style = await colorStyle(1);
    for (const width of [40, 80, 120]) {
      const coloured = text(style, width);
      expect(coloured).toContain('\x1b[');
      // At an interpreter's stack positions of one and the same error are equal: nothing else may differ.
      expect(stripVTControlCharacters(coloured).replace(/^ +at .*$/gm, '')).toBe(
        text(plainStyle, width).replace(/^ +at .*$/gm, ''),
      );
    }
  });
});
