import { clearLine, cursorTo, moveCursor } from 'node:readline';
import { Writable } from 'node:stream';

/** A terminal of the kind that ora writes to, which remembers what is on its screen. */
export class Screen extends Writable {
  readonly isTTY = true;
  columns: number;
  rows: number;
  /** Every write as it came. */
  readonly writes: string[] = [];
  #lines: string[][] = [[]];
  #x = 0;
  #y = 0;

  constructor(columns: number, rows: number) {
    super({ decodeStrings: false });
    this.columns = columns;
    this.rows = rows;
  }

  cursorTo(x: number): boolean {
    return cursorTo(this, x);
  }

  moveCursor(dx: number, dy: number): boolean {
    return moveCursor(this, dx, dy);
  }

  clearLine(direction: -1 | 0 | 1): boolean {
    return clearLine(this, direction);
  }

  override _write(chunk: string | Buffer, _: string, done: () => void): void {
    this.writes.push(String(chunk));
    this.#take(String(chunk));
    done();
  }

  override _writev(chunks: readonly { readonly chunk: string | Buffer }[], done: () => void): void {
    const text = chunks.map(({ chunk }) => String(chunk)).join('');
    this.writes.push(text);
    this.#take(text);
    done();
  }

  /** What a terminal does on a change of its width: longer lines are wrapped anew, the cursor stays at its character. */
  resize(columns: number): void {
    const rows = (line: readonly string[]) => Math.max(1, Math.ceil(line.length / columns));
    const above = this.#lines.slice(0, this.#y).reduce((sum, line) => sum + rows(line), 0);
    this.#y = above + Math.floor(Math.max(0, this.#x - 1) / columns);
    this.#x %= columns;
    this.#lines = this.#lines.flatMap((line) =>
      Array.from({ length: rows(line) }, (_, row) => line.slice(row * columns, (row + 1) * columns)),
    );
    this.columns = columns;
    this.emit('resize');
  }

  /** The lines on the screen, without the empty ones at its end. */
  text(): readonly string[] {
    const lines = this.#lines.map((line) =>
      Array.from(line, (cell) => cell ?? ' ')
        .join('')
        .trimEnd(),
    );
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  #take(text: string): void {
    for (const [part, parameters, command] of text.matchAll(/\x1b\[([?\d;]*)([A-Za-z])|[^]/gu)) {
      const number = Number(parameters || 1);
      if (command === 'A') this.#y -= number;
      else if (command === 'G') this.#x = number - 1;
      else if (command === 'K') this.#lines[this.#y]?.splice(this.#x);
      else if (command === 'J') this.#lines.splice(this.#y + 1);
      else if (command !== undefined) continue;
      else if (part === '\n') this.#newLine();
      else this.#put(part);
    }
  }

  #put(character: string): void {
    if (this.#x >= this.columns) this.#newLine();
    const line = this.#lines[this.#y];
    if (line !== undefined) line[this.#x++] = character;
  }

  #newLine(): void {
    this.#y++;
    this.#x = 0;
    this.#lines[this.#y] ??= [];
  }
}
