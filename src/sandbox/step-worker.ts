/**
 * A thread that runs one step of a job, in a compartment like those of `compute`: `split` or
 * `merge` for its requester, or a first look at a program. It speaks with the host in turns: what
 * it wants, it asks for, and waits; what it has to give, it gives when pulled.
 */

// First: it locks the realm down.
import { pack, unpack } from '../wire/packed.ts';
import { hardened, Program } from './realm.ts';

import { parentPort, workerData } from 'node:worker_threads';

import { decodeCanonical, encodeCanonical } from '../wire/canonical-cbor.ts';
import { mergeOutput } from './merge-output.ts';
import type { FromStepThread, StepTask, ToStepThread } from './messages.ts';
import { ProgramConsole } from './program-console.ts';
import { processNowMs } from './progress.ts';
import { SplitReader, stepsOf } from './split-batch.ts';
import { SplitInput } from './split-input.ts';
import { encodeStdin } from './split-stdin.ts';
import { stripThread } from './strip-thread.ts';
import { describeThrown, failureDetail } from './thrown.ts';

if (parentPort === null) throw new Error('this module is for a worker thread');
const port = parentPort;
const programConsole = new ProgramConsole();

/** Those who wait for a message of a type, the one that waits longest first. */
const waiting = new Map<ToStepThread['type'], ((message: ToStepThread) => void)[]>();
/** Messages that came before somebody waited for them: pulls, one at most. */
const early: ToStepThread[] = [];

port.on('message', (message: ToStepThread) => {
  const next = waiting.get(message.type)?.shift();
  if (next === undefined) early.push(message);
  else next(message);
});

const task: StepTask = workerData;
programConsole.begin(task.stderrBytesMax);
stripThread('javascript');
try {
  await runStep(new Program(task.source, programConsole.endowment));
} catch (error) {
  const reason = failureDetail(describeThrown(error), programConsole.text);
  send({ type: 'failed', reason });
}
port.close();

async function runStep(program: Program): Promise<void> {
  switch (task.step) {
    case 'check':
      send({ type: 'checked', exports: program.check(task.functions) });
      break;
    case 'split':
      await split(program, task);
      break;
    case 'merge':
      await merge(program, task);
      break;
  }
}

async function split(program: Program, task: StepTask & { readonly step: 'split' }): Promise<void> {
  const input =
    task.inputName === undefined ? undefined : new SplitInput(task.inputName, nextPiece);
  const params = decodeCanonical(task.params);
  await received('pull');
  const returned = await program.exported('split')(params, input && hardened(input.endowment));
  const encode = task.encoding === 'bytes' ? encodeStdin : encodeCanonical;
  const reader = new SplitReader(stepsOf(returned), encode, processNowMs);
  for (let ended = false; !ended;) {
    const batch = await reader.nextBatch();
    ended = batch.ended;
    send({ type: 'chunks', chunks: pack(batch.chunks), ended });
    if (!ended) await received('pull');
  }
}

async function merge(program: Program, task: StepTask & { readonly step: 'merge' }): Promise<void> {
  const params = decodeCanonical(task.params);
  const value = await program.exported('merge')(hardened(decodedResults()), params);
  send({ type: 'output', ...mergeOutput(value) });
}

async function* decodedResults(): AsyncGenerator {
  for (;;) {
    send({ type: 'results-wanted' });
    const message = await received('results');
    if (message.type !== 'results' || message.values === undefined) return;
    for (const value of unpack(message.values)) yield decodeCanonical(value);
  }
}

async function nextPiece(): Promise<Uint8Array | undefined> {
  send({ type: 'input-wanted' });
  const message = await received('input');
  return message.type === 'input' ? message.bytes : undefined;
}

function send(message: FromStepThread): void {
  port.postMessage(message);
}

async function received(type: ToStepThread['type']): Promise<ToStepThread> {
  const index = early.findIndex((message) => message.type === type);
  const [message] = index < 0 ? [] : early.splice(index, 1);
  if (message !== undefined) return message;
  return new Promise((resolve) => {
    const others = waiting.get(type) ?? [];
    others.push(resolve);
    waiting.set(type, others);
  });
}
