/** Every file of templates/scripts, by its name without `.sh`; made by scripts/host-scripts.mjs. */
declare module 'haup:scripts' {
  export const scripts: import('./script-text.ts').Scripts;
}

/** Every file of templates/lab. */
declare module 'haup:lab-scripts' {
  export const scripts: import('./script-text.ts').Scripts;
}
