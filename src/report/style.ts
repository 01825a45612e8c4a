/** How text may be set off. Meaning is always in the words too: `plainStyle` loses nothing. */
export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
}

export type Paint = (text: string) => string;

const asIs: Paint = (text) => text;

export const plainStyle: Style = { bold: asIs, dim: asIs, red: asIs, green: asIs, yellow: asIs, cyan: asIs };

/** What a stream can show. `color`: 0 none, 1 to 3 as chalk counts. */
export interface StreamFacts {
  readonly isTty: boolean;
  readonly columns: number;
  readonly color: 0 | 1 | 2 | 3;
}
