/** The files below templates/scripts, made by scripts/host-scripts.mjs: name without `.sh` → text without comments. */
declare module 'haup:scripts' {
  export const texts: Readonly<Record<string, string>>;
}
