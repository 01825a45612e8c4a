import type { Flavour } from './flavour.ts';

export interface SavedHost {
  readonly flavour: Flavour;
  /** Hash of the image it was made from. */
  readonly image: string;
  /** The directory that lies over the image. */
  readonly disk: string;
}
