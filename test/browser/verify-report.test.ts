/** The HTML report and JUnit's file in a real Chromium: Debian's, which `npm test` installs. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { script, style } from 'haup:report-page';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DrillReport, RequestLog } from '../../src/model/report.ts';
import type { VerifyDocument } from '../../src/model/verify-document.ts';
import { verifyPage } from '../../src/report/html-page.ts';
import { junitText } from '../../src/report/junit-text.ts';
import { hangMs } from '../limits.ts';
import { documentOf, exampleDocument } from './document.ts';
import { scratchDirectory } from '../scratch.ts';

const scratch = scratchDirectory();
const limit = hangMs(20_000);
let browser: Browser;
let example: VerifyDocument;

beforeAll(async () => {
  example = await exampleDocument();
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox'],
    timeout: limit,
  });
}, limit);
afterAll(async () => {
  await browser?.close();
});

interface Opened extends AsyncDisposable {
  readonly page: Page;
  /** What the page complained of, and what it asked for besides itself. */
  readonly complaints: readonly string[];
}

interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'dark' | 'light';
}

async function open(
  document: VerifyDocument,
  { width = 1200, height = 900, colorScheme = 'light' }: Look = {},
): Promise<Opened> {
  const file = join(scratch, 'report.html');
  writeFileSync(file, verifyPage(document, { script, style }));
  const address = pathToFileURL(file).href;
  const page = await browser.newPage({ viewport: { width, height }, colorScheme });
  page.setDefaultTimeout(limit);
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (request.url() !== address) complaints.push(`asked for ${request.url()}`);
  });
  await page.goto(address);
  // The script has run when the page is loaded.
  expect(await page.locator('html[data-drawn]').count(), complaints.join('\n')).toBe(1);
  return { page, complaints, [Symbol.asyncDispose]: () => page.close() };
}

/** How many pixels of a chart have a colour of the style sheet, the antialiased edges aside. */
const pixelsOf = (canvas: Locator, name: string): Promise<number> =>
  canvas.evaluate((element, wanted) => {
    // Runs in the page, where the types of this file's own world do not hold.
    interface Drawing {
      width: number;
      height: number;
      getContext: (
        kind: '2d',
        how: object,
      ) => {
        drawImage: (...what: unknown[]) => void;
        getImageData: (...box: number[]) => { data: Uint8ClampedArray };
      };
    }
    const here = globalThis as unknown as {
      getComputedStyle: (of: unknown) => { getPropertyValue: (of: string) => string };
      document: { documentElement: unknown; createElement: (name: string) => Drawing };
    };
    const { width, height } = element as unknown as Drawing;
    // A copy: reading a canvas itself makes the browser keep it elsewhere from then on.
    const copy = Object.assign(here.document.createElement('canvas'), { width, height });
    const pen = copy.getContext('2d', { willReadFrequently: true });
    pen.drawImage(element, 0, 0);
    const color = here.getComputedStyle(here.document.documentElement).getPropertyValue(`--${wanted}`).trim();
    const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
    const { data } = pen.getImageData(0, 0, width, height);
    let count = 0;
    for (let at = 0; at < data.length; at += 4)
      if (data[at] === red && data[at + 1] === green && data[at + 2] === blue && data[at + 3] === 255)
        count += 1;
    return count;
  }, name);

const drillsOf = ({ report }: VerifyDocument): readonly (DrillReport & { readonly requests: RequestLog })[] =>
  report.vips.flatMap(({ drills }) =>
    drills.map((drill) => ({ ...drill, requests: drill.requests as RequestLog })),
  );

test('every chart is drawn with what was measured, nothing is complained of, and nothing is fetched', async () => {
  await using opened = await open(example);
  const { page, complaints } = opened;
  expect(await page.locator('.plot canvas').count()).toBe(1 + 2 * drillsOf(example).length);
  for (const [index, drill] of drillsOf(example).entries()) {
    const lanes = page.locator(`#drill-${index + 1} canvas`).first();
    expect(await pixelsOf(lanes, 'host-0')).toBeGreaterThan(500);
    expect(await pixelsOf(lanes, 'host-1')).toBeGreaterThan(500);
    // A drain loses nothing, and then nothing is red.
    expect((await pixelsOf(lanes, 'lost')) > 20).toBe(drill.lost > 0);
    expect(await pixelsOf(page.locator(`#drill-${index + 1} canvas`).nth(1), 'ink-2')).toBeGreaterThan(20);
  }
  const overview = page.locator('#outages canvas');
  expect(await pixelsOf(overview, 'accent')).toBeGreaterThan(50);
  expect(await pixelsOf(overview, 'lost')).toBeGreaterThan(50);
  expect(complaints).toEqual([]);
});

test("the page's figures are the JSON's", async () => {
  await using opened = await open(example);
  const { page } = opened;
  const drills = drillsOf(example);
  const table = await page.getByRole('region', { name: 'All figures' }).locator('tbody tr').allInnerTexts();
  expect(table).toHaveLength(drills.length);
  const repeats = await page.getByRole('region', { name: 'Repeats' }).locator('tbody tr').allInnerTexts();
  const [stop] = example.report.vips[0]?.repeats ?? [];
  expect(repeats[0]).toContain('3 runs, 1 failed');
  for (const value of Object.values(stop?.figures.outageMs ?? {}))
    expect(repeats[0]).toContain(`${Math.round(value)} ms`);
  drills.forEach((drill, index) => {
    expect(table[index]).toContain(`${Math.round(drill.outageMs)} ms`);
    expect(table[index]).toContain(`${drill.lost} of ${drill.total.toLocaleString('en')}`);
    expect(table[index]).toContain(drill.ok ? '✓ within bound' : '✗ failed');
  });
  const worst = Math.max(...drills.map(({ outageMs }) => outageMs));
  const lost = drills.reduce((sum, one) => sum + one.lost + (one.failback?.lost ?? 0), 0);
  const summary = await page.locator('.summary').innerText();
  expect(summary).toContain(`${Math.round(worst)} ms`);
  expect(summary).toMatch(new RegExp(`Requests lost\\s+${lost.toLocaleString('en')}\\s`));
  expect(await page.locator('h1').innerText()).toContain('1 of 4 drills failed');
  const data = await page.locator('#data').textContent();
  expect((JSON.parse(data ?? '') as { report: unknown }).report).toEqual(
    JSON.parse(JSON.stringify(example.report)),
  );
  expect(await page.locator('pre').first().innerText()).toBe(example.command);
});

const exact = (ms: number): string =>
  `${Math.abs(ms).toLocaleString('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 })} ms`;
/** What the chart has to say of one request. */
function sentence(
  { requests, timeline }: DrillReport & { readonly requests: RequestLog },
  index: number,
): string {
  const at = requests.sentMs[index] ?? Number.NaN;
  const took = requests.tookMs[index] ?? null;
  const held = timeline.filter(({ fromMs, toMs }) => fromMs <= at && at < toMs).map(({ host }) => host);
  const by = requests.hosts[requests.by[index] ?? -1] ?? '';
  const answer = took === null ? 'no answer' : `answered by ${by} in ${exact(took)}`;
  const lost = requests.lost.includes(index)
    ? took === null
      ? 'lost: '
      : 'lost: a second connection was '
    : '';
  return `${at < 0 ? '−' : '+'}${exact(at)}  ·  VIP on ${held.join(' and ') || 'no host'}  ·  ${lost}${answer}`;
}

test('the keyboard walks through the requests, and says each with its exact time', async () => {
  await using opened = await open(example);
  const { page, complaints } = opened;
  const [drill] = drillsOf(example);
  if (drill === undefined) throw new Error('no drill');
  const plot = page.locator('#drill-1 .plot');
  const readout = page.locator('#drill-1 .readout');
  await page.locator('#drill-1 button[data-view]').last().focus();
  await page.keyboard.press('Tab');
  expect(await plot.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
  expect(await readout.textContent()).toBe(sentence(drill, 0));
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  expect(await readout.textContent()).toBe(sentence(drill, 2));
  expect(await plot.getAttribute('aria-valuetext')).toBe(sentence(drill, 2));
  await page.keyboard.press('End');
  const last = drill.requests.sentMs.length - 1;
  expect(await readout.textContent()).toBe(sentence(drill, last));
  await page.keyboard.press('ArrowRight');
  expect(await plot.getAttribute('aria-valuenow')).toBe(String(last));
  // The moments come next, each at its own time.
  const loss = page.locator('#drill-1 .moments button', { hasText: 'first request lost' });
  await loss.focus();
  expect(await readout.textContent()).toBe(sentence(drill, drill.requests.lost[0] ?? -1));
  expect(await readout.textContent()).toContain('lost: no answer');
  await page.locator('#outages .plot').focus();
  await page.keyboard.press('End');
  expect(await page.locator('#outages .readout').textContent()).toContain(
    `outage ${exact(drillsOf(example)[3]?.outageMs ?? -1)}`,
  );
  expect(complaints).toEqual([]);
});

test('the pointer gives the request under it, in both charts of a drill', async () => {
  await using opened = await open(example);
  const { page } = opened;
  const [drill] = drillsOf(example);
  if (drill === undefined) throw new Error('no drill');
  const { sentMs } = drill.requests;
  const [first, last] = [sentMs[0] ?? 0, sentMs.at(-1) ?? 0];
  for (const chart of [0, 1]) {
    const over = page.locator('#drill-1 .u-over').nth(chart);
    await over.scrollIntoViewIfNeeded();
    const box = await over.boundingBox();
    if (box === null) throw new Error('no chart');
    for (const share of [0.05, 0.31, 0.77]) {
      await page.mouse.move(box.x + share * box.width, box.y + box.height / 2);
      const said = await page.locator('#drill-1 .readout').textContent();
      const index = sentMs.findIndex((_ms, at) => sentence(drill, at) === said);
      expect(index, said ?? '').toBeGreaterThan(-1);
      const wanted = first + share * (last - first);
      expect(Math.abs((sentMs[index] ?? Number.NaN) - wanted)).toBeLessThan(
        (2 * (last - first)) / box.width + 5,
      );
      // Both show where.
      const cursors = await page
        .locator('#drill-1 .u-cursor-x')
        .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().x));
      expect(Math.abs((cursors[0] ?? 0) - (cursors[1] ?? 1e9))).toBeLessThan(1);
    }
  }
});

test('a part of the time axis is shown on demand', async () => {
  await using opened = await open(example);
  const { page, complaints } = opened;
  const lanes = page.locator('#drill-1 canvas').first();
  const before = await pixelsOf(lanes, 'lost');
  await page.locator('#drill-1 [data-view=there]').click();
  await expect.poll(() => pixelsOf(lanes, 'lost')).toBeGreaterThan(2 * before);
  expect(await page.locator('#drill-1 [aria-pressed=true]').innerText()).toBe('The break');
  await page.locator('#drill-1 [data-view=all]').click();
  await expect.poll(() => pixelsOf(lanes, 'lost')).toBe(before);
  expect(complaints).toEqual([]);
});

/** A computed style of the first element. */
const styleOf = (page: Page, selector: string, name: string): Promise<string> =>
  page
    .locator(selector)
    .first()
    .evaluate((element, property) => {
      const here = globalThis as unknown as {
        getComputedStyle: (of: unknown) => { getPropertyValue: (of: string) => string };
      };
      return here.getComputedStyle(element).getPropertyValue(property).trim();
    }, name);

/** WCAG's contrast of two `rgb(…)`. */
function contrast(one: string, other: string): number {
  const luminance = (color: string): number => {
    const [red = 0, green = 0, blue = 0] = (color.match(/[\d.]+/g) ?? []).map((part) => {
      const share = Number(part) / 255;
      return share <= 0.040_45 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

test.each(['light', 'dark'] as const)(
  'text is readable in %s, and so are the marks of the charts',
  async (colorScheme) => {
    await using opened = await open(example, { colorScheme });
    const { page } = opened;
    const read = (selector: string): Promise<string> => styleOf(page, selector, 'color');
    const paper = await styleOf(page, 'html', 'background-color');
    expect(contrast('rgb(255, 255, 255)', paper) < 1.5).toBe(colorScheme === 'light');
    expect(contrast(await read('h1'), paper)).toBeGreaterThan(7);
    for (const selector of ['.note', '.readout', '.summary span', 'thead th', '.mark.ok', '.mark.bad'])
      expect(contrast(await read(selector), paper), selector).toBeGreaterThan(4.5);
    const swatches = await Promise.all(
      ['.legend .swatch-0', '.legend .swatch-1'].map((mark) => styleOf(page, mark, 'background-color')),
    );
    for (const swatch of swatches) expect(contrast(swatch, paper)).toBeGreaterThan(2.3);
  },
);

test('a change of the colour scheme is followed while the page is open, and paper is light', async () => {
  await using opened = await open(example, { colorScheme: 'light' });
  const { page, complaints } = opened;
  const lanes = page.locator('#drill-1 canvas').first();
  const paper = (): Promise<string> => styleOf(page, 'html', '--paper');
  const light = await paper();
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(() => pixelsOf(lanes, 'host-0')).toBeGreaterThan(500);
  expect(await paper()).not.toBe(light);
  await page.emulateMedia({ colorScheme: 'dark', media: 'print' });
  expect(await paper()).toBe(light);
  await expect.poll(() => pixelsOf(lanes, 'host-0')).toBeGreaterThan(500);
  const pdf = await page.pdf({ format: 'A4', printBackground: true });
  expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
  expect(complaints).toEqual([]);
});

test.each([320, 390, 768])('at a width of %i nothing scrolls sideways', async (width) => {
  await using opened = await open(example, { width, height: 800 });
  const { page, complaints } = opened;
  for (const details of await page.locator('summary').all()) await details.click();
  const sizes = await page.locator('html').evaluate((element) => [element.scrollWidth, element.clientWidth]);
  expect(sizes[0]).toBe(sizes[1]);
  for (const plot of await page.locator('.plot').all()) {
    const box = await plot.boundingBox();
    expect((box?.x ?? -1) >= 0 && (box?.x ?? 0) + (box?.width ?? 1e9) <= width).toBe(true);
  }
  expect(await pixelsOf(page.locator('#drill-1 canvas').first(), 'host-0')).toBeGreaterThan(50);
  expect(complaints).toEqual([]);
});

test('text from hosts stays text: markup, scripts, links and control characters', async () => {
  const evil = [
    '</script><script>alert(1)</script>',
    '<img src=http://192.0.2.1/x onerror=alert(2)>',
    '"onmouseover="alert(3)',
    "'--><svg/onload=alert(4)>",
    '\u202ekcab\u0000\u001b]0;title\u0007',
    '{"html":"<b>"}',
  ];
  const [drill] = drillsOf(example);
  if (drill === undefined) throw new Error('no drill');
  const names = evil.join(' ');
  const hostile = documentOf(
    [
      {
        ...drill,
        drill: evil[0] ?? '',
        from: evil[1] ?? '',
        to: names,
        ok: false,
        reasons: evil,
        formula: names,
        timeline: drill.timeline.map((held, index) => ({ ...held, host: evil[index % evil.length] ?? '' })),
        requests: { ...drill.requests, hosts: [evil[1] ?? '', names] },
      },
      { ...drill, timeline: [], from: names, reasons: evil, ok: false },
    ],
    {
      operator: names,
      inventory: names,
      command: names,
      tools: evil,
      hosts: evil.map((name) => ({
        name,
        address: name,
        system: name,
        arch: name,
        keepalived: name,
        nginx: name,
      })),
      vips: [
        {
          address: names,
          virtualRouterId: 51,
          advertInt: 1,
          members: [{ host: evil[1] ?? '', priority: 1 }],
        },
      ],
      configurations: [{ host: names, path: names, text: names }],
    },
  );
  await using opened = await open(hostile);
  const { page, complaints } = opened;
  expect(await page.locator('script').count()).toBe(2);
  expect(await page.locator('img, svg, b:has(script), [onmouseover], [onerror], [onload]').count()).toBe(0);
  expect(await page.locator('.reasons li').allInnerTexts()).toContain(evil[1]);
  expect(await page.locator('body').innerText()).not.toMatch(/[\u202e\u0000\u001b\u0007]/);
  await page.locator('#drill-1 .plot').focus();
  await page.keyboard.press('End');
  expect(complaints).toEqual([]);
});

test('what slipped through unescaped would neither run nor be fetched', async () => {
  await using opened = await open(example);
  const { page, complaints } = opened;
  await page.evaluate(() => {
    const here = globalThis as unknown as {
      document: { body: { insertAdjacentHTML: (...what: string[]) => void } };
    };
    here.document.body.insertAdjacentHTML(
      'beforeend',
      '<img src="data:x" onerror="alert(1)"><a id="late">late</a>',
    );
  });
  await page.locator('#late').waitFor();
  await expect.poll(() => complaints.join('\n')).toMatch(/Content Security Policy/);
  expect(complaints.filter((one) => one.startsWith('dialog'))).toEqual([]);
});

test('the file names no address that anything could be fetched from', () => {
  const page = verifyPage(example, { script, style });
  expect(page).toMatch(
    /<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; script-src &#39;sha256-/,
  );
  expect(page).not.toMatch(/(?:src|href|action|poster|data)\s*=\s*["']?(?:https?:)?\/\//i);
  expect(page).not.toMatch(/url\(|@import|\bfetch\(|XMLHttpRequest|WebSocket|import\(/);
  expect(
    Buffer.byteLength(
      verifyPage({ ...example, report: { version: 1, ok: false, vips: [] } }, { script, style }),
    ),
  ).toBeLessThan(100_000);
});

test("JUnit's file is XML that says what the report says, hostile names too", async () => {
  const drills = drillsOf(example).map((drill) => ({
    ...drill,
    reasons: drill.reasons.map((one) => `<&"'> ]]> ${one}`),
  }));
  const { report } = documentOf(
    [...drills, { ...drills[0], timeline: [], ok: false, reasons: ['not drilled: \u0007<'] } as DrillReport],
    {},
  );
  const text = junitText({ ...report, startedAt: example.startedAt });
  writeFileSync(join(scratch, 'junit.html'), '<!doctype html><title>empty</title>');
  const page = await browser.newPage();
  await page.goto(pathToFileURL(join(scratch, 'junit.html')).href);
  const parsed = await page.evaluate((xml) => {
    interface Node {
      readonly textContent: string;
      readonly tagName: string;
      getAttribute: (name: string) => string | null;
      querySelectorAll: (selector: string) => Iterable<Node>;
      querySelector: (selector: string) => Node | null;
    }
    const here = globalThis as unknown as {
      DOMParser: new () => { parseFromString: (...what: string[]) => Node };
    };
    const document = new here.DOMParser().parseFromString(xml, 'application/xml');
    return {
      error: document.querySelector('parsererror')?.textContent ?? null,
      suites: [...document.querySelectorAll('testsuites > testsuite')].map((suite) => [
        suite.getAttribute('tests'),
        suite.getAttribute('failures'),
      ]),
      spreads: Object.fromEntries(
        [...document.querySelectorAll('testsuite > properties > property')].map((each) => [
          each.getAttribute('name'),
          each.getAttribute('value'),
        ]),
      ),
      cases: [...document.querySelectorAll('testsuite > testcase')].map((one) => ({
        name: one.getAttribute('name'),
        time: Number(one.getAttribute('time')),
        failure: one.querySelector('failure')?.textContent ?? null,
        type: one.querySelector('failure')?.getAttribute('type') ?? null,
        properties: Object.fromEntries(
          [...one.querySelectorAll('property')].map((each) => [
            each.getAttribute('name'),
            each.getAttribute('value'),
          ]),
        ),
      })),
    };
  }, text);
  await page.close();
  expect(parsed.error).toBeNull();
  expect(parsed.suites).toEqual([['5', '2']]);
  const [stop] = report.vips[0]?.repeats ?? [];
  expect(parsed.spreads).toMatchObject({
    'stop.runs': '3',
    'stop.outageMs.median': String(stop?.figures.outageMs?.median),
    'stop.outageMs.worst': String(stop?.figures.outageMs?.worst),
    'drain.lost.spread': '0',
  });
  expect(parsed.cases.map(({ name, type }) => [name, type])).toEqual([
    ['stop on keep_136', null],
    ['stop on keep_136, run 2', null],
    ['drain on keep_136', null],
    ['stop on keep_136, run 3', 'failed'],
    ['stop on keep_136, run 4', 'not-done'],
  ]);
  expect(parsed.cases[3]?.failure).toBe(drills[3]?.reasons.join('\n'));
  expect(parsed.cases[4]?.failure).toContain('\\x07<');
  drills.forEach((drill, index) => {
    const { properties, time } = parsed.cases[index] ?? { properties: {}, time: 0 };
    expect(properties).toMatchObject({
      outageMs: String(drill.outageMs),
      boundMs: String(drill.boundMs),
      lost: String(drill.lost),
      retried: String(drill.retried),
      'failback.lost': String(drill.failback?.lost),
    });
    expect(time).toBeGreaterThan(1);
  });
});

test('the report that a reader without scripts gets has every figure too', () => {
  const file = join(scratch, 'plain.html');
  writeFileSync(file, verifyPage(example, { script: '', style: '' }));
  const text = readFileSync(file, 'utf8').replaceAll(/<[^>]+>/g, ' ');
  for (const drill of drillsOf(example)) expect(text).toContain(exact(drill.outageMs));
  expect(text).toContain('auth_pass ***');
});
