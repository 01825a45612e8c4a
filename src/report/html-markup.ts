/** HTML whose values are escaped unless they are HTML already. */

const raw: unique symbol = Symbol('markup');

/** Only `html` and `trusted` make these: no data that was parsed can pass for one. */
export interface Markup {
  readonly [raw]: string;
}

type Value = string | number | Markup | readonly Markup[];

export function html(literals: TemplateStringsArray, ...values: readonly Value[]): Markup {
  const parts = values.map((value, index) => `${text(value)}${literals[index + 1] ?? ''}`);
  return { [raw]: `${literals[0] ?? ''}${parts.join('')}` };
}

/** A text that haup itself wrote. */
export const trusted = (source: string): Markup => ({ [raw]: source });

export const sourceOf = (markup: Markup): string => markup[raw];

export const nothing: Markup = trusted('');

function text(value: Value): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return escaped(value);
  return raw in value ? value[raw] : value.map(sourceOf).join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For text and for attributes in quotes; also in XML. */
export const escaped = (source: string): string =>
  source.replace(/[&<>"']/g, (character) => entities[character] ?? character);
