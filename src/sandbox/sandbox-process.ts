/**
 * The main module of the sandbox's process. Its main thread runs no program: it passes what comes
 * over the channel on to the threads that do, and back what they answer.
 *
 * It lives as long as the channel. When the peer closes it or dies, so does this process, at once
 * and whatever its threads do.
 */

import { writeSync } from 'node:fs';
import { Socket } from 'node:net';

import { unreachable } from '../model/errors.ts';
import { Channel, channelFd } from './channel.ts';
import { IncomingLoad } from './incoming-load.ts';
import { IncomingRun, outcomeFrames } from './incoming-run.ts';
import { IncomingStep, type Say } from './incoming-step.ts';
import type { FromProcess, ToProcess } from './process-messages.ts';
import { isRecord } from './shapes.ts';
import { ThreadSandbox } from './thread-sandbox.ts';

const stderrFd = 2;

// What a terminal or a service manager says to the peer and all that belongs to it is for the peer
// to act upon: chunks that run are still wanted.
for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) process.on(signal, () => {});

const channel = new Channel(new Socket({ fd: channelFd }), {
  onFrame: ({ head, body }) => {
    if (isOfPeer(head)) obey(head, body);
  },
  onEnd: die,
});

let threads: ThreadSandbox | undefined;
const loads = new Map<number, IncomingLoad>();
const runs = new Map<number, IncomingRun>();
const stops = new Map<number, AbortController>();
const steps = new Map<number, IncomingStep>();

send({ type: 'ready' });

/** Whoever holds the other end started this process: what it sends has the shape that it says. */
function isOfPeer(head: unknown): head is ToProcess {
  return isRecord(head);
}

function send(message: FromProcess, body?: readonly Uint8Array[]): void {
  channel.send(message, body);
}

function obey(message: ToProcess, body: Uint8Array): void {
  switch (message.type) {
    case 'configure':
      // A chunk that can't be ended in any other way ends the process; the peer knows what ran.
      threads = new ThreadSandbox({ ...message.settings, onStuckThread: die });
      return;
    case 'ping':
      return send({ type: 'pong', id: message.id, memoryBytes: process.memoryUsage.rss() });
    case 'load':
      loads.set(message.id, new IncomingLoad(message.program, message.limits));
      return;
    case 'part':
      loads.get(message.id)?.begin(message.bytes);
      return void loadIfWhole(message.id);
    case 'piece':
      loads.get(message.id)?.add(body);
      return void loadIfWhole(message.id);
    case 'abandon-load':
      loads.delete(message.id);
      return;
    case 'run':
      runs.set(message.id, new IncomingRun(message));
      return;
    case 'inputs':
      runs.get(message.id)?.add(message, body);
      return void runIfWhole(message.id);
    case 'stop':
      return stops.get(message.id)?.abort();
    case 'step':
      return startStep(message, body);
    case 'answer':
      return steps.get(message.id)?.answer(message.answer, body);
    case 'end-step':
      return void endStep(message.id);
    default:
      return unreachable(message);
  }
}

async function loadIfWhole(id: number): Promise<void> {
  const load = loads.get(id);
  const program = load?.program;
  if (load === undefined || program === undefined) return;
  loads.delete(id);
  const failure = await threads?.load(program, load.limits);
  const exports = threads?.exportsOf(program.key) ?? [];
  send({ type: 'loaded', id, ...(failure === undefined ? { exports } : { failure }) });
}

async function runIfWhole(id: number): Promise<void> {
  const batch = runs.get(id)?.batch;
  if (threads === undefined || batch === undefined) return;
  runs.delete(id);
  if (!threads.has(batch.program)) return send({ type: 'program-missing', id });
  const stop = new AbortController();
  stops.set(id, stop);
  const outcomes = await threads.run(batch, stop.signal);
  stops.delete(id);
  for (const { message, body } of outcomeFrames(outcomes)) {
    send({ type: 'outcomes', id, ...message }, body);
    await channel.drained();
  }
}

function startStep({ id, step }: Extract<ToProcess, { type: 'step' }>, params: Uint8Array): void {
  if (threads === undefined) return;
  const say: Say = (said, body) => send({ type: 'said', id, said }, body);
  steps.set(id, new IncomingStep(threads, { ...step, params }, say));
}

async function endStep(id: number): Promise<void> {
  await steps.get(id)?.close();
  steps.delete(id);
  send({ type: 'step-ended', id });
}

/** Without a farewell: a thread that doesn't end would hold up any other way. */
function die(reason: string | undefined): void {
  if (reason !== undefined) writeSync(stderrFd, `${reason}\n`);
  process.kill(process.pid, 'SIGKILL');
}
