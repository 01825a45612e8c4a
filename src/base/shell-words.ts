/**
 * The words of a line as sh reads them: quotes and backslashes hold a word together and go. Nothing is expanded.
 * Throws nothing: text instead of words says what is wrong with the line.
 */
export function shellWords(line: string): readonly string[] | string {
  const words: string[] = [];
  let word: string | null = null;
  const parts = /\\\n|\\([^])|'([^']*)'|"((?:[^"\\]|\\[^])*)"|([ \t\r\n]+)|(["'\\])|([^\\'" \t\r\n]+)/g;
  for (const [all, escaped, single, double, blank, open, plain] of line.matchAll(parts)) {
    if (blank !== undefined) {
      if (word !== null) words.push(word);
      word = null;
    } else if (open !== undefined) {
      return open === '\\' ? 'ends with a backslash' : `has a ${open} that nothing closes`;
    } else if (all !== '\\\n') {
      const inner = double?.replaceAll(/\\([$`"\\])|\\\n/g, '$1');
      word = (word ?? '') + (escaped ?? single ?? inner ?? plain ?? '');
    }
  }
  if (word !== null) words.push(word);
  return words;
}
