import { stripVTControlCharacters } from 'node:util';

/**
 * Text from anywhere, safe to write to a terminal: escape sequences are dropped, every other control or
 * invisible formatting character is shown as `\x1b` or `\u202e`, tabs become spaces. Newlines stay.
 *
 * What a host prints must never move the operator's cursor, set the window's title or hide what is on it.
 */
export function printable(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll('\r\n', '\n')
    .replaceAll('\t', '    ')
    .replace(unsafe, (character) => {
      const code = character.codePointAt(0) ?? 0;
      if (code >= 0xd800 && code <= 0xdfff) return '\ufffd';
      return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
    });
}

/**
 * The last gate before a terminal: what `printable` would not let through is gone or shown here too, whoever forgot
 * it. Tabs stay, and with `color` the few sequences that haup's own styles are made of.
 */
export function gated(text: string, color: boolean): string {
  const pieces = color ? text.split(ownStyles) : [text];
  return pieces
    .map((piece, index) => (index % 2 === 1 ? piece : piece.split('\t').map(printable).join('\t')))
    .join('');
}

/** Bold, dim, red, green, yellow, cyan, and their ends. */
const ownStyles = /(\x1b\[(?:1|2|22|31|32|33|36|39)m)/;

/** The same on one line: newlines and the blanks around them become one space. */
export function oneLine(text: string): string {
  return printable(text)
    .replace(/\s*\n\s*/g, ' ')
    .trim();
}

/** Plain data with every string in it made printable; for reports, which hold nothing but data. */
export function printableData<T>(data: T): T {
  return clean(data) as T;
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return oneLine(value);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, clean(inner)]));
  }
  return value;
}

/** Controls, formatting (bidirectional overrides, zero width), lone surrogates, line and paragraph separators. */
const unsafe = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
