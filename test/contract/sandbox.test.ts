/** What `Sandbox` promises of its runs, of the real one and of the simulator's. */

import { afterAll, describe, expect, test } from 'vitest';

import { jobId } from '../../src/model/ids.ts';
import type { Outcome } from '../../src/model/replica.ts';
import type { ChunkOutcome } from '../../src/ports.ts';
import { createRandom } from '../../src/protocol/random.ts';
import { builtSandbox } from '../support/built-path.ts';
import { batchOf, loadProgram } from '../support/job-runner.ts';
import { digestNumbered, leasedChunks } from '../support/protocol-fixtures.ts';
import { honest } from '../support/simulator/compute-conduct.ts';
import { SimulatedSandbox } from '../support/simulator/simulated-sandbox.ts';
import { Timeline } from '../support/simulator/timeline.ts';
import { holdsSandboxPromises } from './sandbox-promises.ts';

const slots = 2;
/** Simulated programs have no bytes. */
const ref = { runtime: 'javascript', program: digestNumbered(1), programBytes: 1 } as const;
const jobs = { quick: jobId('a'.repeat(64)), endless: jobId('e'.repeat(64)) };

function outcomesOf(outcomes: readonly ChunkOutcome[]): readonly Outcome[] {
  return outcomes.map(({ outcome }) => outcome);
}

describe('the real sandbox', () => {
  const sandbox = builtSandbox({ slots });
  afterAll(() => sandbox.close());

  holdsSandboxPromises(async () => {
    const programs = {
      quick: await loadProgram(sandbox, 'function compute(n) { return n; }'),
      endless: await loadProgram(sandbox, 'function compute() { for (;;) {} }'),
    };
    return {
      slots,
      run: async (name, chunks, signal) => {
        const batch = { ...batchOf(programs[name], chunks), job: jobs[name] };
        return outcomesOf(await sandbox.run(batch, signal));
      },
    };
  });
});

describe("the simulator's sandbox", () => {
  function simulated() {
    const timeline = new Timeline();
    const done = new Map<number, readonly Outcome[]>();
    const sandbox = new SimulatedSandbox(
      { ...honest, slots, spread: 0 },
      {
        timeline,
        random: createRandom(1),
        chunkMsOf: (job) => (job === jobs.quick ? 10 : Infinity),
        onDone: ({ run, outcomes }) => done.set(run, outcomesOf(outcomes)),
      },
    );
    let runs = 0;
    const start = (name: keyof typeof jobs, numbers: readonly number[]): number => {
      runs += 1;
      const { program, limits } = batchOf('javascript:', []);
      const chunks = numbers.flatMap((number) => leasedChunks(number, 1));
      sandbox.run({ type: 'run', run: runs, job: jobs[name], program, ref, limits, chunks });
      return runs;
    };
    return { timeline, done, sandbox, start };
  }

  holdsSandboxPromises(async () => {
    const { timeline, done, sandbox, start } = simulated();
    return {
      slots,
      run: async (name, numbers, signal) => {
        const run = start(name, numbers);
        if (signal?.aborted === true) sandbox.stop([run]);
        signal?.addEventListener('abort', () => sandbox.stop([run]));
        // What the caller does next comes before any time passes.
        await Promise.resolve();
        timeline.runUntil(() => done.has(run), 60_000);
        return done.get(run) ?? [];
      },
    };
  });

  test('a run that is stopped has nothing to show for what it has computed', () => {
    const { timeline, done, sandbox, start } = simulated();
    const run = start('quick', [1, 2]);
    timeline.runFor(15);
    sandbox.stop([run]);
    expect(done.get(run)).toEqual([{ type: 'returned' }, { type: 'returned' }]);
  });
});
