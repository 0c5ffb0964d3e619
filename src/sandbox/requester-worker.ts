/**
 * The thread in which a requester runs one `split` or one `merge`, in a compartment like those of
 * `compute`. It speaks with the host in turns: what it wants, it asks for, and waits; what it has to
 * give, it gives when pulled.
 */

// First: it locks the realm down.
import { Program } from './realm.ts';

import { parentPort, workerData } from 'node:worker_threads';

import { decodeCanonical } from '../wire/canonical-cbor.ts';
import { mergeOutput } from './merge-output.ts';
import type { FromRequesterThread, RequesterTask, ToRequesterThread } from './messages.ts';
import { ProgramConsole } from './program-console.ts';
import { processNowMs } from './progress.ts';
import { SplitReader, stepsOf } from './split-batch.ts';
import { SplitInput } from './split-input.ts';
import { describeThrown, failureDetail } from './thrown.ts';

if (parentPort === null) throw new Error('this module is for a worker thread');
const port = parentPort;
const programConsole = new ProgramConsole();

/** Those who wait for a message of a type, the one that waits longest first. */
const waiting = new Map<ToRequesterThread['type'], ((message: ToRequesterThread) => void)[]>();
/** Messages that came before somebody waited for them: pulls, one at most. */
const early: ToRequesterThread[] = [];

port.on('message', (message: ToRequesterThread) => {
  const next = waiting.get(message.type)?.shift();
  if (next === undefined) early.push(message);
  else next(message);
});

const task: RequesterTask = workerData;
try {
  const program = new Program(task.source, programConsole.endowment);
  await (task.step === 'split' ? split(program, task) : merge(program, task));
} catch (error) {
  const reason = failureDetail(describeThrown(error), programConsole.text);
  send({ type: 'failed', reason });
}
port.close();

async function split(program: Program, task: RequesterTask): Promise<void> {
  const input =
    task.inputName === undefined ? undefined : new SplitInput(task.inputName, nextPiece);
  const params = decodeCanonical(task.params);
  await received('pull');
  const returned = await program.exported('split')(params, input && harden(input.endowment));
  const reader = new SplitReader(stepsOf(returned), processNowMs);
  for (let ended = false; !ended;) {
    const batch = await reader.nextBatch();
    ended = batch.ended;
    send({ type: 'chunks', ...batch });
    if (!ended) await received('pull');
  }
}

async function merge(program: Program, task: RequesterTask): Promise<void> {
  const params = decodeCanonical(task.params);
  const value = await program.exported('merge')(harden(decodedResults()), params);
  send({ type: 'output', ...mergeOutput(value) });
}

async function* decodedResults(): AsyncGenerator {
  for (;;) {
    send({ type: 'results-wanted' });
    const message = await received('results');
    if (message.type !== 'results' || message.values === undefined) return;
    for (const value of message.values) yield decodeCanonical(value);
  }
}

async function nextPiece(): Promise<Uint8Array | undefined> {
  send({ type: 'input-wanted' });
  const message = await received('input');
  return message.type === 'input' ? message.bytes : undefined;
}

function send(message: FromRequesterThread): void {
  port.postMessage(message);
}

async function received(type: ToRequesterThread['type']): Promise<ToRequesterThread> {
  const index = early.findIndex((message) => message.type === type);
  const [message] = index < 0 ? [] : early.splice(index, 1);
  if (message !== undefined) return message;
  return new Promise((resolve) => {
    const others = waiting.get(type) ?? [];
    others.push(resolve);
    waiting.set(type, others);
  });
}
