import { createRequire } from 'node:module';

export const haupVersion: string = (
  createRequire(import.meta.url)('../../package.json') as { readonly version: string }
).version;
