/** A program that measures the stack should not learn from it what ran before. */

import { expect, onTestFinished, test } from 'vitest';

import { ThreadSandbox } from '../../src/sandbox/thread-sandbox.ts';
import { batchOf, inThreads, loadProgram, shown, threadOptions } from '../support/job-runner.ts';

const body = `function compute() {
  let depth = 0;
  const dig = () => { depth += 1; dig(); };
  try { dig(); } catch {}
  return depth;
}`;

test('the stack is as deep for the first of a batch as for those behind it', async () => {
  const threads = new ThreadSandbox({ ...threadOptions, slots: 1 });
  onTestFinished(() => threads.close());
  const sandbox = inThreads(threads);
  const program = await loadProgram(sandbox, body);
  const depths = async (count: number): Promise<unknown[]> =>
    shown(
      await sandbox.run(
        batchOf(
          program,
          Array.from({ length: count }, () => 0),
        ),
      ),
    );
  // The first one on a thread finds it cold.
  expect(await depths(1)).toEqual([expect.any(Number)]);
  const [alone] = await depths(1);
  expect(await depths(4)).toEqual([alone, alone, alone, alone]);
});
