/**
 * The thread's side of a batch: its chunks run one after the other, and their inputs and results
 * cross packed together.
 */

import { threadId } from 'node:worker_threads';

import type { Failure } from '../model/replica.ts';
import { digestOf } from '../wire/digest.ts';
import { pack, unpack } from '../wire/packed.ts';
import type { ComputeReply, ComputeTask } from './messages.ts';
import { processNowMs, Progress } from './progress.ts';

/**
 * Runs one chunk to its end: whatever it left running would run in the next one's time.
 * @param index its place in the batch
 * @returns its result as canonical CBOR, or how it failed; never throws for what a program does
 */
export type ComputeChunk = (
  input: Uint8Array,
  index: number,
) => Uint8Array | Failure | Promise<Uint8Array | Failure>;

const noBytes = new Uint8Array(0);

/** Rejects never: what goes wrong is a chunk's failure, or ends the thread. */
export async function computeAll(task: ComputeTask, compute: ComputeChunk): Promise<ComputeReply> {
  const progress = new Progress(task.progress);
  progress.begin(threadId);
  const inputs = unpack(task.inputs);
  const values: Uint8Array[] = [];
  const digests: string[] = [];
  const computeMs = new Float64Array(inputs.length);
  const failures = new Map<number, Failure>();
  let bytes = 0;
  let startedMs = processNowMs();
  for (const [index, input] of inputs.entries()) {
    if (bytes >= task.fillBytes) break;
    progress.start(index, startedMs);
    const result = await compute(input, index);
    if (result instanceof Uint8Array) {
      bytes += result.byteLength;
      values.push(result);
      digests.push(digestOf(result));
    } else {
      values.push(noBytes);
      digests.push('');
      failures.set(index, result);
    }
    const endedMs = processNowMs();
    computeMs[index] = endedMs - startedMs;
    startedMs = endedMs;
  }
  progress.end();
  return { values: pack(values), digests, computeMs, failures };
}

export function tooLarge(bytes: Uint8Array, resultBytesMax: number): Failure {
  return {
    kind: 'result-too-large',
    detail: `the result has ${bytes.byteLength} bytes as CBOR; this job allows ${resultBytesMax}`,
  };
}
