/**
 * What runs inside of the sandbox's process: the programs that it knows, and the threads that run
 * them.
 *
 * Two kinds of threads, because they have two kinds of trouble. Chunks run in pools, many to a
 * message, where the time of each chunk is watched. `split` and `merge` get a thread of their own
 * for as long as they last and speak with the host all the way, so that neither a huge input nor
 * ten million results are ever in memory at once.
 */

import { GridError } from '../model/errors.ts';
import type { ChunkLimits } from '../model/job.ts';
import type { ProgramKey, ScriptFunction } from '../model/program.ts';
import type { Failure } from '../model/replica.ts';
import type { ChunkBatch, ChunkOutcome } from '../ports.ts';
import { notComputed } from './compute-pool.ts';
import { ComputePools } from './compute-pools.ts';
import { ProgramLoader, type LoadedProgram } from './program-loader.ts';
import { Programs } from './programs.ts';
import { StepThread } from './step-thread.ts';
import type { OnStuckThread } from './thread-end.ts';

export type { LoadedProgram } from './program-loader.ts';

export type ThreadSandboxOptions = {
  /** Threads that compute; 0 for a peer that only asks. */
  readonly slots: number;
  /** What this peer gives a chunk; the smaller of it and the batch's holds. */
  readonly limits: ChunkLimits;
  /** How long `split` may run without yielding or reading. */
  readonly splitIdleMsMax: number;
  /** How long `merge` may run without asking for a result. */
  readonly mergeIdleMsMax: number;
  /** A thread that can't be ended holds its slot for ever: only the process's end ends it. */
  readonly onStuckThread?: (reason: string) => void;
};

/** A step of a job to be run in a thread of its own. */
export type StepToStart = {
  readonly step: 'split' | 'merge';
  /** A JavaScript program that was loaded. */
  readonly script: ProgramKey;
  /** Canonical CBOR. */
  readonly params: Uint8Array;
  /** The input file's name, for a split that was given one. */
  readonly inputName?: string;
  /** What `split` yields and becomes chunks: any values, or the stdin of a WASI program. */
  readonly encoding: 'values' | 'bytes';
};

export class ThreadSandbox {
  readonly #options: ThreadSandboxOptions;
  readonly #onStuck: OnStuckThread;
  readonly #programs = new Programs();
  readonly #pools: ComputePools;
  readonly #loader: ProgramLoader;
  readonly #closing = new AbortController();
  /** Of threads that run a step. */
  readonly #stepEnds = new Set<Promise<void>>();

  constructor(options: ThreadSandboxOptions) {
    this.#options = options;
    this.#onStuck = options.onStuckThread ?? ((): void => {});
    this.#loader = new ProgramLoader(this.#programs, this.#closing.signal, this.#onStuck);
    this.#pools = new ComputePools({ slots: Math.max(1, options.slots), onStuck: this.#onStuck });
  }

  /** Looks at a program that isn't known yet. What it lacks, imports or wants is a failure. */
  async load(program: LoadedProgram, limits: ChunkLimits): Promise<Failure | undefined> {
    const allowed = this.#allowed(limits);
    if (this.#options.slots > 0 && computes(program)) {
      this.#pools.warmUp(program.runtime, allowed.memoryBytesMax);
    }
    return this.#loader.load(program, allowed);
  }

  has(key: ProgramKey): boolean {
    return this.#programs.has(key);
  }

  /** What a script that was loaded exports of what jobs use. */
  exportsOf(key: ProgramKey): readonly ScriptFunction[] {
    const program = this.#programs.get(key);
    return program?.runtime === 'javascript' ? program.functions : [];
  }

  /**
   * Resolves with one outcome a chunk, in their order, and never rejects. All are `returned` when
   * the program is not known.
   * @param signal stops it: its chunks come back as `returned`
   */
  async run(
    batch: ChunkBatch,
    signal = new AbortController().signal,
  ): Promise<readonly ChunkOutcome[]> {
    const program = this.#programs.get(batch.program);
    if (program === undefined) return batch.chunks.map(() => notComputed);
    return this.#pools.run(program, { ...batch, limits: this.#allowed(batch.limits) }, signal);
  }

  /** Whoever starts a step closes its thread. @throws {GridError} `internal`: not loaded */
  startStep(step: StepToStart, signal: AbortSignal): StepThread {
    const program = this.#programs.get(step.script);
    if (program?.runtime !== 'javascript') {
      throw new GridError(
        'internal',
        `The script of this job is not loaded, so its ${step.step} can't run.`,
      );
    }
    const { memoryBytesMax, stderrBytesMax } = this.#options.limits;
    const { splitIdleMsMax, mergeIdleMsMax } = this.#options;
    const task = { ...step, source: copyOf(program.source), stderrBytesMax };
    const idleMsMax = step.step === 'split' ? splitIdleMsMax : mergeIdleMsMax;
    const options = { idleMsMax, memoryBytesMax, onStuck: this.#onStuck };
    const thread = new StepThread(task, options, AbortSignal.any([signal, this.#closing.signal]));
    this.#stepEnds.add(thread.ended);
    void thread.ended.then(() => this.#stepEnds.delete(thread.ended));
    return thread;
  }

  /** Ends all threads; what runs comes back as not computed. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort(new GridError('interrupted', 'The sandbox was closed.'));
    await Promise.all([this.#pools.close(), this.#loader.idle(), ...this.#stepEnds]);
  }

  #allowed(limits: ChunkLimits): ChunkLimits {
    const own = this.#options.limits;
    return {
      wallMsMax: Math.min(limits.wallMsMax, own.wallMsMax),
      memoryBytesMax: Math.min(limits.memoryBytesMax, own.memoryBytesMax),
      resultBytesMax: Math.min(limits.resultBytesMax, own.resultBytesMax),
      stderrBytesMax: Math.min(limits.stderrBytesMax, own.stderrBytesMax),
    };
  }
}

function computes(program: LoadedProgram): boolean {
  return program.runtime === 'wasi' || program.functions.includes('compute');
}

function copyOf(shared: SharedArrayBuffer): Uint8Array {
  return new Uint8Array(shared).slice();
}
