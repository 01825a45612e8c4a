import { defineConfig } from 'vitest/config';

/** Tests on real hosts that make a lab of their own, and spoil it as they like. */
const own = ['changes', 'faults', 'firewall', 'install', 'take-over'].map(
  (name) => `test/e2e/${name}.test.ts`,
);

const e2e = {
  testTimeout: 300_000,
  hookTimeout: 600_000,
  // Two cores: `npm test` runs these two projects side by side, and more would spoil the figures.
  fileParallelism: false,
};

export default defineConfig({
  test: {
    projects: [
      {
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/e2e/**'], testTimeout: 20_000 },
      },
      {
        test: {
          ...e2e,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: own,
          // The lab that the files of this project share.
          globalSetup: ['test/e2e/global-setup.ts'],
        },
      },
      { test: { ...e2e, name: 'e2e-own', include: own } },
    ],
  },
});
