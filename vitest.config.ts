import { configDefaults, defineConfig } from 'vitest/config';

import { SlowFoldersFirst } from './test/support/slow-folders-first.ts';

// Where .ci/run wants the counts.
const report = process.env['MANYHANDS_TEST_REPORT'];

// `--mode simulation` adds fresh seeds to the fixed ones (`test/support/simulator/seeds.ts`).
const freshSeeds = { SEEDS: process.env['SEEDS'] ?? '3' };

// `--mode crash` has five peers killed for longer (`test/e2e/crash.test.ts`).
const longCrash = { CRASH_SECONDS: process.env['CRASH_SECONDS'] ?? '100' };

/**
 * Nothing here keeps anything between tests, so that they need no process for each file: starting
 * those took longer than the tests. Their project runs last, by its name.
 */
const pure = ['test/unit/{model,protocol,wire}/**/*.test.ts'];

export default defineConfig(({ mode }) => ({
  test: {
    env: mode === 'simulation' ? freshSeeds : mode === 'crash' ? longCrash : {},
    // Only what hangs is to be ended: sandboxes have the lowest priority, so that on a machine that
    // is busy with other things a test may take many times as long.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // The default of one second is less than a process may take to start on a busy machine.
    expect: { poll: { timeout: 60_000 } },
    // End-to-end tests start several processes each; two files at a time fit two cores.
    maxWorkers: 2,
    pool: 'forks',
    sequence: { sequencer: SlowFoldersFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'peers',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...pure],
          globalSetup: ['test/support/built-package.ts'],
          setupFiles: ['test/support/built-sandboxes.ts'],
        },
      },
      { extends: true, test: { name: 'pure', include: pure, isolate: false } },
    ],
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
  },
}));
