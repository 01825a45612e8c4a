/** Labels along the axes of a chart, and their width. */

import { font } from './chart-theme.ts';

/** Powers of ten around all answer times, two at the least. */
export function decadesOf(tookMs: readonly (number | null)[]): number[] {
  const some = tookMs.filter((ms) => ms !== null && ms > 0) as number[];
  const least = Math.floor(Math.log10(some.reduce((min, ms) => Math.min(min, ms), 1)));
  const most = Math.ceil(Math.log10(some.reduce((max, ms) => Math.max(max, ms), 10) * 1.05));
  return Array.from({ length: most - least + 1 }, (_, index) =>
    Number((10 ** (least + index)).toPrecision(1)),
  );
}

export function seconds(ms: number): string {
  if (ms === 0) return '0';
  const size = Math.abs(ms);
  const text = size < 1000 ? `${Math.round(size)} ms` : `${Number((size / 1000).toFixed(2))} s`;
  return ms < 0 ? `−${text}` : text;
}

export function labelWidth(labels: readonly string[], width: number): number {
  const pen = document.createElement('canvas').getContext('2d');
  if (pen === null) return 100;
  pen.font = font(12.5);
  const widest = Math.max(...labels.map((label) => pen.measureText(label).width));
  return Math.ceil(Math.min(widest + 22, Math.max(78, width * 0.28)));
}

export function shortened(label: string, width: number): string {
  const pen = document.createElement('canvas').getContext('2d');
  if (pen === null) return label;
  pen.font = font(12.5);
  const fits = (text: string): boolean => pen.measureText(text).width <= width;
  if (fits(label)) return label;
  for (let length = label.length - 1; length > 1; length -= 1) {
    // The end of a name or an address tells it from its neighbours.
    const text = `…${label.slice(label.length - length)}`;
    if (fits(text)) return text;
  }
  return label.slice(-2);
}
