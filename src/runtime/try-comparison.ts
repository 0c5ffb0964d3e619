/**
 * A job's own word on its own results, here and now: each must be equal to itself and right. Where
 * it is not, honest peers would be taken for liars on the grid.
 */

import { GridError } from '../model/errors.ts';
import type { ChunkLimits } from '../model/job.ts';
import type { LoadableProgram, Sandbox } from '../ports.ts';
import { type Pair, ScriptCalls } from './script-calls.ts';

export type TriedComparison = {
  readonly type: 'compared';
  readonly by: 'equals' | 'verify';
  readonly chunks: number;
};

export type ComparisonToTry = {
  readonly script: LoadableProgram;
  readonly limits: ChunkLimits;
  /** Canonical CBOR of the chunks and of their results. */
  readonly inputs: readonly Uint8Array[];
  readonly values: readonly Uint8Array[];
};

/** @throws {GridError} `job-failed` for a chunk whose result is not said to be equal or right */
export async function* tryComparison(
  { inputs, values, ...options }: ComparisonToTry,
  sandbox: Sandbox,
): AsyncGenerator<TriedComparison> {
  const calls = new ScriptCalls(options, { sandbox });
  const exports = sandbox.exportsOf(options.script.key);
  for (const by of ['equals', 'verify'] as const) {
    if (!exports.includes(by)) continue;
    const pairs = values.map((value, chunk): Pair => [
      by === 'equals' ? value : (inputs[chunk] ?? value),
      value,
    ]);
    for (const [chunk, answer] of (await calls.ask(by, pairs)).entries()) {
      if (answer !== 'yes') throw notSaidSo(by, chunk, answer === 'no' ? undefined : answer.detail);
    }
    yield { type: 'compared', by, chunks: values.length };
  }
}

function notSaidSo(by: 'equals' | 'verify', chunk: number, failed: string | undefined): GridError {
  const asked =
    by === 'equals'
      ? `equals(result, result) of chunk ${chunk}`
      : `verify(chunk, result) of chunk ${chunk} and its result`;
  const said = failed === undefined ? 'is false' : `says neither true nor false (${failed})`;
  return new GridError(
    'job-failed',
    `${asked} ${said}. It must be true of whatever compute returns: on the grid, honest peers ` +
      'would be taken for liars.',
  );
}
