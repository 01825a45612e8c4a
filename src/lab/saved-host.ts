import type { Flavour } from './flavour.ts';

export interface SavedHost {
  readonly flavour: Flavour;
  /** Hash of the image that it stands on. */
  readonly image: string;
  /** The directory that lies over the image. */
  readonly disk: string;
}
