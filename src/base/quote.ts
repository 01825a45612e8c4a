/**
 * One word of POSIX sh whose value is exactly `text`.
 * @throws RangeError for text with NUL, which no argument of a process can carry.
 */
export function quote(text: string): string {
  if (text.includes('\0')) throw new RangeError('a shell word cannot contain NUL');
  return /^[\w/.,:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
