/** The texts that an inventory was read from, so that it can be read again elsewhere; secrets in them are references. */
export interface InventoryTexts {
  /** Absolute path, or `(stdin)`. */
  readonly file: string;
  /** What relative paths in it start from. */
  readonly directory: string;
  readonly text: string;
  /** The files that sites name, by the name that the inventory uses. */
  readonly sites: Readonly<Record<string, string>>;
  readonly overlay: { readonly text: string; readonly file: string; readonly by: string } | null;
}
