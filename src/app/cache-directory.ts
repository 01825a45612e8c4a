import type { Context } from './command-context.ts';

/** Where this machine keeps tarballs and builds. */
export const cacheDirectory = (context: Pick<Context, 'env' | 'home'>): string =>
  `${context.env['XDG_CACHE_HOME'] ?? `${context.home}/.cache`}/haup`;

/** Where this machine keeps finished builds. */
export const packDirectory = (context: Pick<Context, 'env' | 'home'>): string =>
  `${cacheDirectory(context)}/builds`;
