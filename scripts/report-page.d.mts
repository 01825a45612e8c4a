import type { Plugin } from 'vitest/config';

export function reportPage(): Plugin;
