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
  const { program, call, limits } = task;
  if (program.runtime !== 'javascript') throw new Error(`not for this thread: ${program.key}`);
  return computeAll(task, async (input) => {
    // From an empty stack: how deep it is must not tell a program which chunks came before it.
    await Promise.resolve();
    programConsole.begin(limits.stderrBytesMax);
    const name = call ?? 'compute';
    const result = await callWith(program, name, input, limits.resultBytesMax);
    // Looking at what it returned or threw was the program's own code too.
    await drained();
    return result;
  });
}

async function callWith(
  program: SharedScript,
  name: 'compute' | 'equals' | 'verify',
  input: Uint8Array,
  resultBytesMax: number,
): Promise<Uint8Array | Failure> {
  let settled: Settled | undefined;
  try {
    const called = programOf(program).exported(name);
    const value: unknown =
      name === 'compute' ? called(decodeCanonical(input)) : called(...argumentsOf(input));
    settled = isPrimitive(value) ? { value } : await settle(value);
  } catch (error) {
    return threw(describeThrown(error));
  }
  if (settled === undefined) {
    const detail = `the promise that ${name} returned never settles: nothing is left to run`;
    return { kind: 'timed-out', detail: failureDetail(detail, programConsole.text) };
  }
  try {
    if ('reason' in settled) return threw(describeThrown(settled.reason));
    const bytes = encodeCanonical(settled.value);
    return bytes.byteLength <= resultBytesMax ? bytes : tooLarge(bytes, resultBytesMax);
  } catch (error) {
    return threw(`what ${name} returned can't be sent: ${describeThrown(error)}`);
  }
}

/**
 * Two values that strangers gave, each as a byte string: so none of them can pass itself off as
 * both.
 */
function argumentsOf(input: Uint8Array): readonly unknown[] {
  const encoded = decodeCanonical(input);
  if (!Array.isArray(encoded)) throw new TypeError('the arguments must be a list');
  return encoded.map((argument) => {
    if (argument instanceof Uint8Array) return decodeCanonical(argument);
    throw new TypeError('an argument must be bytes');
  });
}

function threw(message: string): Failure {
  return { kind: 'threw', detail: failureDetail(message, programConsole.text) };
}

type Settled = { readonly value: unknown } | { readonly reason: unknown };

/**
 * What became of a value that may be a promise, or undefined if it never settles. A program has
 * nothing that could settle one later, no timer and no input, so once no job is left to run, a
 * promise that is pending always will be.
 *
 * Nothing here awaits the value or hands it to a promise twice: its `then` is the program's own,
 * and may answer differently each time that it is looked at.
 */
async function settle(value: unknown): Promise<Settled | undefined> {
  let settled: Settled | undefined;
  new Promise((resolve) => {
    resolve(value);
  }).then(
    (value) => (settled = { value }),
    (reason: unknown) => (settled = { reason }),
  );
  await drained();
  return settled;
}

/** Spares the common result a turn of the event loop. */
function isPrimitive(value: unknown): boolean {
  return (typeof value !== 'object' && typeof value !== 'function') || value === null;
}

function programOf({ key, source }: SharedScript): Program {
  // The copy has memory of its own: nothing shared is ever within a program's reach.
  return programs.get(
    key,
    () => new Program(new Uint8Array(source).slice(), programConsole.endowment),
  );
}
