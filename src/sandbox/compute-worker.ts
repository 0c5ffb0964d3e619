/**
 * A thread that computes. piscina calls the function exported here, for one batch at a time.
 *
 * A batch is one call: the chunks run one after the other, each with the program evaluated afresh,
 * and their inputs and results cross packed together. What one chunk costs besides its own work is
 * some ten microseconds: decoding, evaluating, encoding and hashing.
 */

// First: it locks the realm down.
import { Program } from './realm.ts';

import { threadId } from 'node:worker_threads';

import type { Failure } from '../model/replica.ts';
import { decodeCanonical, encodeCanonical } from '../wire/canonical-cbor.ts';
import { digestOf } from '../wire/digest.ts';
import type { ComputeReply, ComputeTask, SharedProgram } from './messages.ts';
import { pack, unpack } from '../wire/packed.ts';
import { ProgramConsole } from './program-console.ts';
import { processNowMs, Progress } from './progress.ts';
import { describeThrown, failureDetail } from './thrown.ts';

/** Programs kept ready on this thread: a volunteer works for few jobs at a time. */
const programsKept = 8;

const programConsole = new ProgramConsole();
const programs = new Map<string, Program>();
const noBytes = new Uint8Array(0);

/** Runs a batch. Rejects never: what goes wrong is a chunk's failure, or ends the thread. */
export async function computeBatch(task: ComputeTask): Promise<ComputeReply> {
  const progress = new Progress(task.progress);
  progress.begin(threadId);
  const inputs = unpack(task.inputs);
  const values: Uint8Array[] = [];
  const digests: string[] = [];
  const computeMs = new Float64Array(inputs.length);
  const failures = new Map<number, Failure>();
  let startedMs = processNowMs();
  for (const [index, input] of inputs.entries()) {
    progress.start(index, startedMs);
    programConsole.clear();
    const result = await computeChunk(task.program, input, task.resultBytesMax);
    if (result instanceof Uint8Array) {
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

async function computeChunk(
  program: SharedProgram,
  input: Uint8Array,
  resultBytesMax: number,
): Promise<Uint8Array | Failure> {
  let value: unknown;
  try {
    const compute = programOf(program).exported('compute');
    value = await settled(compute(decodeCanonical(input)));
  } catch (error) {
    return threw(describeThrown(error));
  }
  if (value === neverSettled) {
    const detail = 'the promise that compute returned never settles: nothing is left to run';
    return { kind: 'timed-out', detail: failureDetail(detail, programConsole.text) };
  }
  try {
    const bytes = encodeCanonical(value);
    return bytes.byteLength <= resultBytesMax ? bytes : tooLarge(bytes, resultBytesMax);
  } catch (error) {
    return threw(`what compute returned can't be sent: ${describeThrown(error)}`);
  }
}

function threw(message: string): Failure {
  return { kind: 'threw', detail: failureDetail(message, programConsole.text) };
}

function tooLarge(bytes: Uint8Array, resultBytesMax: number): Failure {
  return {
    kind: 'result-too-large',
    detail: `the result has ${bytes.byteLength} bytes as CBOR; this job allows ${resultBytesMax}`,
  };
}

const neverSettled = Symbol('never settled');

/**
 * The value of a promise. A program has nothing that could settle one later, no timer and no input,
 * so once the event loop turns with the promise pending it always will be.
 */
async function settled(value: unknown): Promise<unknown> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return value;
  if (!('then' in value)) return value;
  let turn: NodeJS.Immediate | undefined;
  const idle = new Promise((resolve) => {
    turn = setImmediate(resolve, neverSettled);
  });
  try {
    return await Promise.race([Promise.resolve(value), idle]);
  } finally {
    clearImmediate(turn);
  }
}

/** The most recently used ones are at the end. */
function programOf({ digest, source }: SharedProgram): Program {
  const known = programs.get(digest);
  if (known !== undefined) {
    if (programs.size > 1) {
      programs.delete(digest);
      programs.set(digest, known);
    }
    return known;
  }
  // The copy has memory of its own: nothing shared is ever within a program's reach.
  const program = new Program(new Uint8Array(source).slice(), programConsole.endowment);
  programs.set(digest, program);
  for (const oldest of programs.keys()) {
    if (programs.size <= programsKept) break;
    programs.delete(oldest);
  }
  return program;
}
