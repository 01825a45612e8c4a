import type { Plugin } from 'vitest/config';

export function inventoryTable(): Plugin;
