/**
 * A thread that computes for JavaScript programs. piscina calls the function exported here, for one
 * batch at a time.
 *
 * Each chunk gets the program evaluated afresh. What it costs besides its own work is some ten
 * microseconds: decoding, evaluating, encoding and hashing.
 */

// First: it locks the realm down.
import { Program } from './realm.ts';

import type { Failure } from '../model/replica.ts';
import { decodeCanonical, encodeCanonical } from '../wire/canonical-cbor.ts';
import { computeAll, tooLarge } from './compute-batch.ts';
import { drained } from './drained.ts';
import type { ComputeReply, ComputeTask, SharedScript } from './messages.ts';
import { ProgramConsole } from './program-console.ts';
import { ReadyPrograms } from './ready-programs.ts';
import { stripThread } from './strip-thread.ts';
import { describeThrown, failureDetail } from './thrown.ts';

const programConsole = new ProgramConsole();
const programs = new ReadyPrograms<Program>();

stripThread('javascript');

/** Runs a batch. Rejects never for what a program does. */
export async function computeBatch(task: ComputeTask): Promise<ComputeReply> {
  const { program, limits } = task;
  if (program.runtime !== 'javascript') throw new Error(`not for this thread: ${program.key}`);
  return computeAll(task, async (input) => {
    programConsole.begin(limits.stderrBytesMax);
    const result = await computeChunk(program, input, limits.resultBytesMax);
    // Looking at what it returned or threw was the program's own code too.
    await drained();
    return result;
  });
}

async function computeChunk(
  program: SharedScript,
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

const neverSettled = Symbol('never settled');

/**
 * The value of a promise. A program has nothing that could settle one later, no timer and no input,
 * so once no job is left to run, a promise that is pending always will be.
 */
async function settled(value: unknown): Promise<unknown> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return value;
  if (!('then' in value)) return value;
  return Promise.race([Promise.resolve(value), drained(neverSettled)]);
}

function programOf({ key, source }: SharedScript): Program {
  // The copy has memory of its own: nothing shared is ever within a program's reach.
  return programs.get(
    key,
    () => new Program(new Uint8Array(source).slice(), programConsole.endowment),
  );
}
