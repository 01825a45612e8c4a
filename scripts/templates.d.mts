import type { Plugin } from 'vitest/config';

export function templates(): Plugin;
