import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { hostScripts } from './scripts/host-scripts.mjs';
import { inventoryTable } from './scripts/inventory-table.mjs';
import { patience } from './scripts/patience.mjs';
import { reportPage } from './scripts/report-page.mjs';
import { templates } from './scripts/templates.mjs';

/** Limits are for what hangs. */
const limit = patience();

/** Tests on real hosts that make labs of their own name them with `testLab`, and spoil them as they like. */
const own = readdirSync(join(import.meta.dirname, 'test/e2e'))
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => `test/e2e/${name}`)
  .filter((path) => /\btestLab\(/.test(readFileSync(join(import.meta.dirname, path), 'utf8')));

const e2e = {
  testTimeout: 120_000 * limit,
  hookTimeout: 300_000 * limit,
  // `npm test` runs files side by side as this machine can bear it.
  fileParallelism: false,
  setupFiles: ['test/e2e/each-file.ts'],
  // What could not be measured is measured once more; whatever else fails has failed.
  retry: { count: 1, condition: /^not measured:/ },
};

export default defineConfig({
  plugins: [templates(), hostScripts(), inventoryTable(), reportPage()],
  test: {
    // A bash whose stdin is a socket, as that of a child of Node.js is, takes itself for the shell of an rshd and reads
    // ~/.bashrc, whatever that does; but not below another shell.
    env: { SHLVL: '2' },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**'],
          // Most of what they took was loading the same modules for each file; none of them changes what others see.
          isolate: false,
          testTimeout: 10_000 * limit,
          hookTimeout: 10_000 * limit,
        },
      },
      {
        extends: true,
        test: {
          ...e2e,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: own,
          // The lab that the files of this project share.
          globalSetup: ['test/e2e/global-setup.ts'],
        },
      },
      { extends: true, test: { ...e2e, name: 'e2e-own', include: own } },
    ],
  },
});
