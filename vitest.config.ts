import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // End-to-end tests start several processes each; two files at a time fit two cores.
    maxWorkers: 2,
    pool: 'forks',
  },
});
