/**
 * What can be asked of the sandbox's process, during one life of it. Each question is an exchange
 * with a number of its own; the exchange knows what may come next, and anything else is a breach
 * for which the process is ended (`onBreach`).
 */

import type { Socket } from 'node:net';

import PQueue from 'p-queue';

import { unreachable } from '../model/errors.ts';
import type { ChunkLimits } from '../model/job.ts';
import type { ProgramKey, ScriptFunction } from '../model/program.ts';
import type { Failure } from '../model/replica.ts';
import type { LoadableProgram, ReadBytes } from '../ports.ts';
import { Channel, endsOf, type Frame, frameSpans, pieceBytes } from './channel.ts';
import type { PendingBatch } from './pending-batch.ts';
import type { ProcessDied } from './process-child.ts';
import {
  type FromProcess,
  type ProgramHead,
  readMessage,
  type SandboxSettings,
  type ToProcess,
} from './process-messages.ts';
import { Recent } from './recent.ts';
import { RunExchange } from './run-exchange.ts';
import { StepExchange, type StepToRun } from './step-exchange.ts';

/** One question and what may answer it. */
export interface Exchange {
  /** @returns whether that is an answer that may come now, and whether it was the last one */
  receive(message: FromProcess, body: Uint8Array): 'more' | 'last' | 'breach';
  /** There will be no answer. */
  fail(error: unknown): void;
}

export type ClientEvents = {
  onReady(): void;
  /** It closed its channel or, with a reason, sent what it must not. */
  onBreach(reason: string | undefined): void;
};

export type Pong = { readonly memoryBytes: number };

/** So many as the process may keep. */
const programsMax = 1024;

/** A small program needn't wait for a large one. */
const sendingMax = 2;

export class ProcessClient {
  readonly #channel: Channel;
  readonly #events: ClientEvents;
  readonly #exchanges = new Map<number, Exchange>();
  /** By program and functions. */
  readonly #loading = new Map<string, Promise<Failure | undefined>>();
  /**
   * Programs that the process was given in this life, with the functions that they were seen to
   * export; it may have dropped some meanwhile.
   */
  readonly #loaded = new Recent<ProgramKey, ReadonlySet<ScriptFunction>>(programsMax);
  /** A program's bytes are in memory while they are sent. */
  readonly #sending = new PQueue({ concurrency: sendingMax });
  #lastId = 0;
  #ready = false;
  #gone: ProcessDied | undefined;

  constructor(socket: Socket, settings: SandboxSettings, events: ClientEvents) {
    this.#events = events;
    this.#channel = new Channel(socket, {
      onFrame: (frame) => this.#receive(frame),
      onEnd: (reason) => this.#breach(reason),
    });
    this.#send({ type: 'configure', settings });
  }

  async ping(): Promise<Pong> {
    const { promise, resolve, reject } = Promise.withResolvers<Pong>();
    const id = this.#begin({
      receive(message) {
        if (message.type !== 'pong') return 'breach';
        resolve(message);
        return 'last';
      },
      fail: reject,
    });
    this.#send({ type: 'ping', id });
    return promise;
  }

  /** Whether it was given the program; it may have dropped it meanwhile. */
  hasLoaded(key: ProgramKey, functions: readonly ScriptFunction[] = []): boolean {
    const seen = this.#loaded.get(key);
    return seen !== undefined && functions.every((name) => seen.has(name));
  }

  /** What a script that it was given exports of what jobs use. */
  exportsOf(key: ProgramKey): readonly ScriptFunction[] {
    return [...(this.#loaded.get(key) ?? [])];
  }

  /**
   * Gives the process a program, which costs it little if it has it already. Two who ask at a time
   * ask once.
   * @throws {ProcessDied}
   * @throws {Error} what reading the program's bytes threw
   */
  async load(program: LoadableProgram, limits: ChunkLimits): Promise<Failure | undefined> {
    const { key } = program;
    const functions = functionsOf(program);
    const asked = [key, ...functions].join(' ');
    const known = this.#loading.get(asked);
    if (known !== undefined) return known;
    const loading = this.#load(program, limits);
    this.#loading.set(asked, loading);
    try {
      return await loading;
    } finally {
      this.#loading.delete(asked);
    }
  }

  /**
   * Runs some chunks of a batch and settles each as its outcome comes.
   * @param indexes places in the batch
   * @returns false if the process doesn't have the program any more; then none is settled
   * @throws {ProcessDied}
   */
  async run(pending: PendingBatch, indexes: readonly number[]): Promise<boolean> {
    const { chunks, ...head } = pending.batch;
    const exchange = new RunExchange(pending, indexes);
    const id = this.#begin(exchange);
    this.#send({ type: 'run', id, ...head, count: indexes.length });
    const leased = indexes.flatMap((index) => chunks[index] ?? []);
    for (const [from, to] of frameSpans(leased.map(({ input }) => input.byteLength))) {
      const some = leased.slice(from, to);
      const inputs = some.map(({ input }) => input);
      const numbers = some.map(({ chunk }) => chunk);
      this.#send({ type: 'inputs', id, chunks: numbers, ends: endsOf(inputs) }, inputs);
    }
    const hadProgram = await exchange.done;
    if (!hadProgram) this.#loaded.delete(head.program);
    return hadProgram;
  }

  /** Running chunks of the batch come back as `returned`. */
  stop(pending: PendingBatch): void {
    for (const [id, exchange] of this.#exchanges) {
      if (exchange instanceof RunExchange && exchange.pending === pending) {
        this.#send({ type: 'stop', id });
      }
    }
  }

  /** Starts `split` or `merge` of a script that was loaded. */
  startStep(step: StepToRun, signal: AbortSignal): StepExchange {
    const exchange = new StepExchange(step.head.step, signal, (message, body) =>
      this.#send({ id, ...message }, body),
    );
    const id = this.#begin(exchange);
    exchange.start(step);
    return exchange;
  }

  /** It is dead: nothing that was asked will be answered. */
  close(died: ProcessDied): void {
    this.#gone = died;
    this.#channel.close();
    for (const exchange of this.#exchanges.values()) exchange.fail(died);
    this.#exchanges.clear();
  }

  async #load(program: LoadableProgram, limits: ChunkLimits): Promise<Failure | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<Failure | undefined>();
    // Who waits for it comes later; until then nobody is there to take a rejection.
    promise.catch(() => undefined);
    const { head, parts } = takenApart(program);
    const id = this.#begin({
      receive: (message) => {
        if (message.type !== 'loaded') return 'breach';
        if (message.failure === undefined) this.#loaded.put(program.key, new Set(message.exports));
        resolve(message.failure);
        return 'last';
      },
      fail: reject,
    });
    this.#send({ type: 'load', id, program: head, limits });
    try {
      await this.#sending.add(async () => {
        // One after the other, so that one of them is in memory at a time.
        for (const read of parts) {
          if (this.#gone !== undefined) break;
          await this.#sendPart(id, await read());
        }
      });
    } catch (error) {
      this.#exchanges.delete(id);
      this.#send({ type: 'abandon-load', id });
      throw error;
    }
    return promise;
  }

  async #sendPart(id: number, bytes: Uint8Array): Promise<void> {
    this.#send({ type: 'part', id, bytes: bytes.byteLength });
    for (let from = 0; from < bytes.byteLength && this.#gone === undefined; from += pieceBytes) {
      this.#send({ type: 'piece', id }, [bytes.subarray(from, from + pieceBytes)]);
      await this.#channel.drained();
    }
  }

  #begin(exchange: Exchange): number {
    this.#lastId += 1;
    if (this.#gone === undefined) this.#exchanges.set(this.#lastId, exchange);
    else exchange.fail(this.#gone);
    return this.#lastId;
  }

  #send(message: ToProcess, body?: readonly Uint8Array[]): void {
    this.#channel.send(message, body);
  }

  #receive({ head, body }: Frame): void {
    const message = readMessage(head, body.byteLength);
    if (message === undefined) return this.#breach('sent a message that is none');
    if (message.type === 'ready') {
      if (this.#ready) return this.#breach('said that it is ready, again');
      this.#ready = true;
      return this.#events.onReady();
    }
    const { type, id } = message;
    const exchange = this.#exchanges.get(id);
    const more = exchange?.receive(message, body) ?? 'breach';
    if (more === 'breach') return this.#breach(`answered ${type} to what was not asked`);
    if (more === 'last') this.#exchanges.delete(id);
  }

  #breach(reason: string | undefined): void {
    this.#channel.close();
    this.#events.onBreach(reason);
  }
}

function functionsOf(program: LoadableProgram): readonly ScriptFunction[] {
  return program.runtime === 'javascript' ? program.functions : [];
}

function takenApart(program: LoadableProgram): { head: ProgramHead; parts: readonly ReadBytes[] } {
  const { runtime, key } = program;
  switch (runtime) {
    case 'javascript': {
      const { functions, source } = program;
      return { head: { runtime, key, functions }, parts: [source] };
    }
    case 'wasi': {
      const { arguments: args, environment, files, module } = program;
      const paths = files.map(({ path }) => path);
      const parts = [module, ...files.map(({ bytes }) => bytes)];
      return { head: { runtime, key, arguments: args, environment, paths }, parts };
    }
    default:
      return unreachable(runtime);
  }
}
