import type { Plugin } from 'vitest/config';

export function hostScripts(): Plugin;
