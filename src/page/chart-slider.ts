/** A chart that the keyboard walks through as a slider: what it says at each step is text, on the page and aloud. */

export interface Steps {
  readonly label: string;
  readonly count: number;
  /** What is at a step, in words. */
  readonly text: (step: number) => string;
  /** Shows the step in the chart; null: none. */
  readonly show: (step: number | null) => void;
  readonly hint: string;
}

export interface ChartSlider {
  /** The pointer is at a step; null: it has left. */
  readonly hover: (step: number | null) => void;
  readonly go: (step: number) => void;
}

export function chartSlider(figure: HTMLElement, readout: HTMLElement, steps: Steps): ChartSlider {
  let at: number | null = null;
  const say = (step: number | null): void => {
    readout.textContent = step === null ? steps.hint : steps.text(step);
  };
  const go = (step: number): void => {
    at = Math.max(0, Math.min(steps.count - 1, step));
    figure.setAttribute('aria-valuenow', String(at));
    figure.setAttribute('aria-valuetext', steps.text(at));
    steps.show(at);
    say(at);
  };
  const attributes = { role: 'slider', tabindex: '0', 'aria-label': steps.label, 'aria-valuemin': '0' };
  for (const [name, value] of Object.entries(attributes)) figure.setAttribute(name, value);
  figure.setAttribute('aria-valuemax', String(Math.max(0, steps.count - 1)));
  figure.setAttribute('aria-valuenow', '0');
  figure.setAttribute('aria-valuetext', steps.text(0));
  figure.addEventListener('focus', () => {
    // A click focuses too: the pointer then says where.
    if (figure.matches(':focus-visible')) go(at ?? 0);
  });
  figure.addEventListener('blur', () => {
    steps.show(null);
    say(null);
  });
  figure.addEventListener('keydown', (event) => {
    const step = stepFor(event, at ?? 0, steps.count);
    if (step === null) return;
    event.preventDefault();
    go(step);
  });
  say(null);
  return { go, hover: (step) => say(step ?? (figure.matches(':focus-visible') ? at : null)) };
}

function stepFor(
  { key, shiftKey, ctrlKey, altKey, metaKey }: KeyboardEvent,
  at: number,
  count: number,
): number | null {
  if (ctrlKey || altKey || metaKey) return null;
  const far = Math.max(1, Math.round(count / 20));
  const near = shiftKey ? far : 1;
  if (key === 'ArrowRight' || key === 'ArrowUp') return at + near;
  if (key === 'ArrowLeft' || key === 'ArrowDown') return at - near;
  if (key === 'PageUp') return at + far;
  if (key === 'PageDown') return at - far;
  if (key === 'Home') return 0;
  return key === 'End' ? count - 1 : null;
}
