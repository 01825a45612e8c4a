/** src/page, bundled for a browser by scripts/report-page.mjs. */
declare module 'haup:report-page' {
  export const script: string;
  export const style: string;
}
