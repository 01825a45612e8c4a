/** Colours of the charts: the style sheet's, so that dark, light and print are decided in one place. */

export const color = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** As many as the style sheet has; the same for a host in every chart. */
const hostColors = 6;

export const hostColor = (hosts: readonly string[], host: string | undefined): string =>
  host === undefined || !hosts.includes(host)
    ? color('nameless')
    : color(`host-${hosts.indexOf(host) % hostColors}`);

/** In CSS pixels, as uPlot takes it. */
export const font = (px: number, weight = 400): string =>
  `${weight} ${px}px ${getComputedStyle(document.body).fontFamily}`;

/** For drawing on a canvas, whose pixels are the device's. */
export const drawnFont = (px: number, weight = 400): string => font(px * devicePixelRatio, weight);

/** Calls `redraw` when other colours apply, and `resize` when there is another width. */
export function onAppearance(figure: HTMLElement, redraw: () => void, resize: (width: number) => void): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  const paper = (): void => {
    document.documentElement.dataset['paper'] = '';
    resize(paperWidth);
  };
  const screen = (): void => {
    delete document.documentElement.dataset['paper'];
    resize(figure.clientWidth);
  };
  matchMedia('print').addEventListener('change', ({ matches }) => (matches ? paper() : screen()));
  addEventListener('beforeprint', paper);
  addEventListener('afterprint', screen);
  new ResizeObserver(() => {
    if (document.documentElement.dataset['paper'] === undefined) resize(figure.clientWidth);
  }).observe(figure);
}

/** CSS pixels that A4 and Letter have between margins of 12 mm. */
const paperWidth = 690;

/** Diagonal lines, for what colour alone must not tell. */
export function hatch(context: CanvasRenderingContext2D, stroke: string): CanvasPattern | string {
  const size = Math.round(5 * devicePixelRatio);
  const tile = document.createElement('canvas');
  tile.width = size;
  tile.height = size;
  const pen = tile.getContext('2d');
  if (pen === null) return stroke;
  pen.strokeStyle = stroke;
  pen.lineWidth = devicePixelRatio;
  for (const offset of [-size, 0, size]) {
    pen.beginPath();
    pen.moveTo(offset, size);
    pen.lineTo(offset + size, 0);
    pen.stroke();
  }
  return context.createPattern(tile, 'repeat') ?? stroke;
}

/** `+312.4 ms`, `−300.0 ms`. */
export const signed = (ms: number): string => `${ms < 0 ? '−' : '+'}${exact(Math.abs(ms))}`;

export const exact = (ms: number): string => `${ms.toLocaleString('en', exactly)} ms`;
const exactly = { minimumFractionDigits: 1, maximumFractionDigits: 1 } as const;
