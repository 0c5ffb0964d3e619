/**
 * A thread that computes for WASI programs. piscina calls the function exported here, for one batch
 * at a time. A chunk is a byte string, the program's stdin, and so is its result, the stdout.
 */

import type { Failure } from '../model/replica.ts';
import { decodeCanonical, encodeCanonical } from '../wire/canonical-cbor.ts';
import { computeAll, tooLarge } from './compute-batch.ts';
import type { ComputeReply, ComputeTask, SharedCommand } from './messages.ts';
import { ReadyPrograms } from './ready-programs.ts';
import { stripThread } from './strip-thread.ts';
import { WasiProgram } from './wasi-command.ts';

const programs = new ReadyPrograms<WasiProgram>();

stripThread('wasi');

/** Runs a batch. Rejects never for what a program does. */
export async function computeBatch(task: ComputeTask): Promise<ComputeReply> {
  const { program } = task;
  if (program.runtime !== 'wasi') throw new Error(`not for this thread: ${program.key}`);
  return computeAll(task, (input, index) => computeChunk(task, program, input, index));
}

function computeChunk(
  task: ComputeTask,
  program: SharedCommand,
  input: Uint8Array,
  index: number,
): Uint8Array | Failure {
  const stdin = stdinOf(input);
  if (stdin === undefined) {
    return { kind: 'threw', detail: 'a chunk of a WASI program must be bytes, for its stdin' };
  }
  const { resultBytesMax, stderrBytesMax, memoryBytesMax } = task.limits;
  const stdout = programs
    .get(program.key, () => new WasiProgram(program))
    .run({
      stdin,
      seed: `${task.job} ${task.chunks[index]}`,
      resultBytesMax,
      stderrBytesMax,
      memoryBytesMax,
    });
  if (!(stdout instanceof Uint8Array)) return stdout;
  const bytes = encodeCanonical(stdout);
  return bytes.byteLength <= resultBytesMax ? bytes : tooLarge(bytes, resultBytesMax);
}

function stdinOf(input: Uint8Array): Uint8Array | undefined {
  try {
    const stdin = decodeCanonical(input);
    return stdin instanceof Uint8Array ? stdin : undefined;
  } catch {
    return undefined;
  }
}
