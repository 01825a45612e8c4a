/** Every file of templates/scripts, by its name without `.sh`; made by scripts/host-scripts.mjs. */
declare module 'haup:scripts' {
  export const scripts: Readonly<
    Record<
      string,
      () => {
        /** Shell variables that it is given; `$@`: a list of words. */
        readonly takes: readonly string[];
        /** The scripts whose functions it calls. */
        readonly needs: readonly string[];
        readonly text: string;
      }
    >
  >;
}
