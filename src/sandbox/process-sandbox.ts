/**
 * The sandbox as the peer has it: a process that is asked to load, run and step, and what becomes
 * of all that when the process dies.
 *
 * What waits, waits here. The process gets no more than keeps its threads busy, since whatever it
 * has when it dies is suspected (`suspects.ts`), and since what it doesn't have is not lost with
 * it. A program is sent to a process that doesn't have it, as often as that takes; it is kept here
 * only as the way to read it again.
 */

import { totalmem } from 'node:os';

import { GridError } from '../model/errors.ts';
import type { ChunkLimits } from '../model/job.ts';
import type { ProgramKey, ScriptFunction } from '../model/program.ts';
import type { Failure } from '../model/replica.ts';
import type {
  ChunkBatch,
  ChunkOutcome,
  LoadableProgram,
  MergeOutput,
  Sandbox,
  SandboxStats,
  SplitInput,
} from '../ports.ts';
import { PendingBatch, returned } from './pending-batch.ts';
import { type Death, ProcessDied } from './process-child.ts';
import type { ProcessClient } from './process-client.ts';
import { type HealthOptions, processBytesMax } from './process-health.ts';
import type { SandboxSettings } from './process-messages.ts';
import { ProcessSupervisor, type SupervisorComponents } from './process-supervisor.ts';
import { Recent } from './recent.ts';
import type { StepExchange, StepToRun } from './step-exchange.ts';
import { giveResults, takeChunks } from './step-talk.ts';
import { nextStage, type Stage, Suspects } from './suspects.ts';

export type ProcessSandboxOptions = SandboxSettings &
  HealthOptions & {
    /** How long the process may have nothing to do before it is ended, until there is something. */
    readonly idleMsMax: number;
  };

export type ProcessSandboxComponents = Pick<
  SupervisorComponents,
  'command' | 'onTrouble' | 'onRest'
>;

/** Programs that can be loaded again; a few hundred bytes each, so many as the process may keep. */
const programsMax = 1024;
/** A program that is dropped between its loading and its use is loaded again; not for ever. */
const loadsMax = 3;

type Loadable = { readonly program: LoadableProgram; readonly limits: ChunkLimits };

type Loaded = Loadable & { readonly exports: readonly ScriptFunction[] };

/** Chunks of a batch, by their places in it. */
type Chunks = {
  readonly kind: 'chunks';
  readonly stage: Stage;
  readonly pending: PendingBatch;
  readonly indexes: readonly number[];
};

type Check = Loadable & {
  readonly kind: 'check';
  readonly stage: Stage;
  readonly resolve: (failure: Failure | undefined) => void;
  readonly reject: (error: unknown) => void;
};

type Step = {
  readonly kind: 'step';
  readonly stage: 0;
  readonly step: StepToRun;
  readonly signal: AbortSignal;
  readonly resolve: (exchange: StepExchange) => void;
  readonly reject: (error: unknown) => void;
};

type Work = Chunks | Check | Step;

/**
 * A chunk that takes the process down costs everybody's chunks beside it two restarts, and a
 * program may have thousands of them: after these no chunk of it is run here any more.
 */
const convictionsMax = 3;

const banned: Failure = {
  kind: 'threw',
  detail: `${convictionsMax} of its chunks took the sandbox's process down`,
};

export class ProcessSandbox implements Sandbox {
  readonly slots: number;
  readonly #options: ProcessSandboxOptions;
  readonly #supervisor: ProcessSupervisor;
  readonly #work: Suspects<Work>;
  readonly #programs = new Recent<ProgramKey, Loaded>(programsMax);
  /** Chunks that took the process down, by their program. */
  readonly #convictions = new Recent<ProgramKey, number>(programsMax);
  /** Of the machine, or of the container that this runs in. */
  readonly #machineBytes = Math.min(totalmem(), process.constrainedMemory() || Infinity);
  #idleTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ProcessSandboxOptions, components: ProcessSandboxComponents) {
    this.slots = options.slots;
    this.#options = options;
    this.#work = new Suspects(Math.max(1, options.slots));
    const { slots, limits, splitIdleMsMax, mergeIdleMsMax } = options;
    this.#supervisor = new ProcessSupervisor(options, {
      ...components,
      settings: { slots, limits, splitIdleMsMax, mergeIdleMsMax },
      memoryBytesMax: () => this.#memoryBytesMax(),
      onUp: () => this.#pump(),
      onDown: (death) => this.#died(death),
      onUnstartable: () => this.#refuseAll(),
    });
    // A peer that computes will need it, and a program's first chunk shouldn't wait for it.
    if (options.slots > 0) this.#supervisor.start();
  }

  async load(program: LoadableProgram, limits: ChunkLimits): Promise<Failure | undefined> {
    const { key } = program;
    if (this.#isBanned(key)) return banned;
    const functions = program.runtime === 'javascript' ? program.functions : [];
    if (this.#supervisor.client?.hasLoaded(key, functions) === true) return undefined;
    return new Promise((resolve, reject) => {
      this.#add({ kind: 'check', stage: 0, program, limits, resolve, reject });
    });
  }

  exportsOf(script: ProgramKey): readonly ScriptFunction[] {
    return this.#programs.get(script)?.exports ?? [];
  }

  async run(batch: ChunkBatch, signal?: AbortSignal): Promise<readonly ChunkOutcome[]> {
    const pending = new PendingBatch(batch);
    const stop = (): void => this.#stop(pending);
    signal?.addEventListener('abort', stop);
    const indexes = [...batch.chunks.keys()];
    if (indexes.length > 0) {
      const work = { kind: 'chunks', stage: 0, pending, indexes } as const;
      if (signal?.aborted === true || this.#isBanned(batch.program)) refuse(work, '');
      else this.#add(work);
    }
    try {
      return await pending.done;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  async *split(
    script: ProgramKey,
    params: Uint8Array,
    input: SplitInput | undefined,
    encoding: 'values' | 'bytes',
    signal: AbortSignal,
  ): AsyncGenerator<readonly Uint8Array[]> {
    const inputName = input === undefined ? {} : { inputName: input.name };
    const head = { step: 'split', script, encoding, ...inputName } as const;
    yield* takeChunks(await this.#startStep({ head, params }, signal), input);
  }

  async merge(
    script: ProgramKey,
    params: Uint8Array,
    results: AsyncIterable<readonly Uint8Array[]>,
    signal: AbortSignal,
  ): Promise<MergeOutput> {
    const head = { step: 'merge', script, encoding: 'values' } as const;
    const step = await this.#startStep({ head, params }, signal);
    return giveResults(step, results, this.#options.limits.memoryBytesMax);
  }

  stats(): SandboxStats {
    const { restarts, trouble } = this.#supervisor;
    const batches = this.#work.running.values().filter(isComputing).toArray().length;
    const slotsBusy = Math.min(batches, this.slots);
    return {
      slotsBusy,
      batchesQueued: batches - slotsBusy + this.#work.waiting('chunks'),
      restarts,
      ...(trouble === undefined ? {} : { trouble }),
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#idleTimer);
    const ended = this.#supervisor.close();
    this.#refuseAll();
    await ended;
  }

  #stop(pending: PendingBatch): void {
    pending.stop();
    const isOfBatch = (work: Work): boolean => work.kind === 'chunks' && work.pending === pending;
    for (const work of this.#work.drop(isOfBatch)) refuse(work, '');
    this.#supervisor.client?.stop(pending);
  }

  async #startStep(step: StepToRun, signal: AbortSignal): Promise<StepExchange> {
    const { promise, resolve, reject } = Promise.withResolvers<StepExchange>();
    const work: Step = { kind: 'step', stage: 0, step, signal, resolve, reject };
    const giveUp = (): void => {
      this.#work.drop((other) => other === work);
      reject(signal.reason);
    };
    signal.throwIfAborted();
    signal.addEventListener('abort', giveUp, { once: true });
    this.#add(work);
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  #add(work: Work): void {
    if (this.#closed || this.#supervisor.isUnstartable) return refuse(work, this.#trouble());
    this.#work.add(work);
    this.#supervisor.start();
    this.#pump();
  }

  /** Hands the process what it may have now. */
  #pump(): void {
    const { client } = this.#supervisor;
    if (client === undefined) return;
    for (let work = this.#work.next(); work !== undefined; work = this.#work.next()) {
      void this.#perform(work, client);
    }
    clearTimeout(this.#idleTimer);
    if (!this.#work.isEmpty) return;
    this.#idleTimer = setTimeout(() => this.#supervisor.rest(), this.#options.idleMsMax).unref();
  }

  async #perform(work: Work, client: ProcessClient): Promise<void> {
    try {
      await this.#performIn(client, work);
    } catch (error) {
      // When the process died, `#died` has seen to it.
      if (error instanceof ProcessDied) return;
      if (work.kind === 'chunks') refuse(work, '');
      else work.reject(error);
    }
    if (client !== this.#supervisor.client) return;
    this.#work.ended(work);
    this.#pump();
  }

  /** @throws {ProcessDied} */
  async #performIn(client: ProcessClient, work: Work): Promise<void> {
    switch (work.kind) {
      case 'chunks':
        return this.#compute(client, work);
      case 'check': {
        const { program, limits } = work;
        const failure = await client.load(program, limits);
        if (failure === undefined) this.#remember(program, limits, client.exportsOf(program.key));
        return work.resolve(failure);
      }
      case 'step': {
        const { step, signal } = work;
        // Even if it was given already: a job's merge may come long after, and is worth it.
        const failure = await this.#loadAgain(client, step.head.script);
        if (failure !== undefined) throw new GridError('job-failed', failure.detail);
        const exchange = client.startStep(step, signal);
        work.resolve(exchange);
        await exchange.over;
      }
    }
  }

  async #compute(client: ProcessClient, work: Chunks): Promise<void> {
    const { pending, indexes } = work;
    const { program } = pending.batch;
    for (let loads = 0; loads < loadsMax; loads += 1) {
      if (!client.hasLoaded(program)) {
        // It passed when it was loaded first, so the failure is none of the chunks'.
        if ((await this.#loadAgain(client, program)) !== undefined) break;
      }
      if (pending.isStopped) break;
      if (await client.run(pending, indexes)) return;
    }
    refuse(work, '');
  }

  /** One script may be loaded for its `compute` and for its other functions. */
  #remember(
    program: LoadableProgram,
    limits: ChunkLimits,
    exports: readonly ScriptFunction[],
  ): void {
    const known = this.#programs.get(program.key)?.program;
    if (program.runtime === 'javascript' && known?.runtime === 'javascript') {
      const functions = [...new Set([...known.functions, ...program.functions])];
      this.#programs.put(program.key, { program: { ...program, functions }, limits, exports });
    } else this.#programs.put(program.key, { program, limits, exports });
  }

  async #loadAgain(client: ProcessClient, key: ProgramKey): Promise<Failure | undefined> {
    const known = this.#programs.get(key);
    if (known !== undefined) return client.load(known.program, known.limits);
    return { kind: 'threw', detail: "The program of this job is not loaded, so it can't run." };
  }

  /** What was in the process is run again, and what took it down fails. */
  #died(death: Death): void {
    const { culprit, others } = this.#work.died();
    if (culprit !== undefined) this.#convict(culprit, death);
    for (const work of others) {
      // A step's own exchange says that it failed.
      if (work.kind === 'step') work.reject(new GridError('internal', this.#trouble()));
      else if (work.kind === 'check') this.#work.add({ ...work, stage: nextStage(work.stage) });
      else this.#suspectEach(work);
    }
  }

  #convict(culprit: Work, death: Death): void {
    convict(culprit, death);
    if (culprit.kind !== 'chunks') return;
    const { program } = culprit.pending.batch;
    this.#convictions.put(program, (this.#convictions.get(program) ?? 0) + 1);
    if (!this.#isBanned(program)) return;
    const isOfProgram = (work: Work): boolean =>
      work.kind === 'chunks' && work.pending.batch.program === program;
    for (const work of this.#work.drop(isOfProgram)) refuse(work, '');
  }

  #isBanned(program: ProgramKey): boolean {
    return (this.#convictions.get(program) ?? 0) >= convictionsMax;
  }

  #suspectEach(work: Chunks): void {
    const { pending, indexes } = work;
    if (pending.isStopped) return refuse(work, '');
    if (this.#isBanned(pending.batch.program)) return refuse(work, '');
    const stage = nextStage(work.stage);
    for (const index of pending.unsettled(indexes)) {
      this.#work.add({ kind: 'chunks', stage, pending, indexes: [index] });
    }
  }

  #refuseAll(): void {
    const trouble = this.#trouble();
    for (const work of [...this.#work.running, ...this.#work.drop(() => true)]) {
      refuse(work, trouble);
    }
  }

  #trouble(): string {
    return this.#supervisor.trouble ?? "The sandbox's process was ended.";
  }

  #memoryBytesMax(): number {
    const steps = this.#work.running.values().filter(({ kind }) => kind === 'step');
    const threads = Math.max(1, this.slots) + steps.toArray().length;
    return processBytesMax(threads, this.#options.limits.memoryBytesMax, this.#machineBytes);
  }
}

/** Its outcomes are told as they come, and it ends a moment later. */
function isComputing(work: Work): boolean {
  return work.kind === 'chunks' && work.pending.unsettled(work.indexes).length > 0;
}

/** It took the process down, and nothing else can have. */
function convict(work: Work, death: Death): void {
  const failure: Failure = {
    kind: death.outOfMemory ? 'out-of-memory' : 'threw',
    detail: `it took the sandbox's process down, which ${death.reason}`,
  };
  if (work.kind === 'check') work.resolve(failure);
  if (work.kind !== 'chunks') return;
  for (const index of work.pending.unsettled(work.indexes)) {
    work.pending.settle(index, { outcome: { type: 'failure', failure }, computeMs: 0 });
  }
}

/** It won't be run, through no fault of its own. */
function refuse(work: Work, trouble: string): void {
  switch (work.kind) {
    case 'chunks':
      for (const index of work.pending.unsettled(work.indexes)) {
        work.pending.settle(index, returned);
      }
      return;
    case 'check':
      // No failure: that would be the program's, here and wherever it is offered.
      return work.reject(new GridError('internal', `The program can't be looked at. ${trouble}`));
    case 'step':
      return work.reject(
        new GridError('internal', `The job's ${work.step.head.step} can't run. ${trouble}`),
      );
  }
}
