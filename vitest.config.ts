import { defineConfig } from 'vitest/config';

// Where .ci/run wants the counts.
const report = process.env['MANYHANDS_TEST_REPORT'];

// `--mode simulation` adds fresh seeds to the fixed ones (`test/support/simulator/seeds.ts`).
const freshSeeds = { SEEDS: process.env['SEEDS'] ?? '3' };

// `--mode crash` has five peers killed for longer (`test/e2e/crash.test.ts`).
const longCrash = { CRASH_SECONDS: process.env['CRASH_SECONDS'] ?? '100' };

export default defineConfig(({ mode }) => ({
  test: {
    env: mode === 'simulation' ? freshSeeds : mode === 'crash' ? longCrash : {},
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // The default of one second is less than a process may take to start on a busy machine.
    expect: { poll: { timeout: 30_000 } },
    // End-to-end tests start several processes each; two files at a time fit two cores.
    maxWorkers: 2,
    pool: 'forks',
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
  },
}));
