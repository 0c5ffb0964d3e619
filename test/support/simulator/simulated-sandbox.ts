/** A peer's sandbox in virtual time: runs wait for a thread, and take as long as their chunks. */

import type { JobId } from '../../../src/model/ids.ts';
import type { Outcome } from '../../../src/model/replica.ts';
import type { ChunkOutcome } from '../../../src/ports.ts';
import type { Effect, LocalEvent } from '../../../src/protocol/events.ts';
import type { Random } from '../../../src/protocol/random.ts';
import type { ComputeConduct } from './compute-conduct.ts';
import { agreedLie, ownLie, rightDigest } from './simulated-job.ts';
import type { Timeline } from './timeline.ts';

type RunEffect = Extract<Effect, { type: 'run' }>;

type RunDone = Extract<LocalEvent, { type: 'run-done' }>;

type Run = {
  readonly effect: RunEffect;
  /** Whether it has a thread. */
  isRunning: boolean;
  /** Times of its chunks, once it has one. */
  readonly chunkMs: number[];
};

const returned: ChunkOutcome = { outcome: { type: 'returned' }, computeMs: 0 };

export type SandboxComponents = {
  readonly timeline: Timeline;
  readonly random: Random;
  readonly chunkMsOf: (job: JobId) => number;
  readonly onDone: (event: RunDone) => void;
};

export class SimulatedSandbox {
  readonly #conduct: ComputeConduct;
  readonly #components: SandboxComponents;
  readonly #runs = new Map<number, Run>();
  #busy = 0;
  #lies = 0;

  constructor(conduct: ComputeConduct, components: SandboxComponents) {
    this.#conduct = conduct;
    this.#components = components;
  }

  run(effect: RunEffect): void {
    this.#runs.set(effect.run, { effect, isRunning: false, chunkMs: [] });
    this.#startNext();
  }

  /** A thread that is ended takes with it what it has computed. */
  stop(numbers: readonly number[]): void {
    for (const number of numbers) {
      const run = this.#runs.get(number);
      if (run !== undefined) this.#end(run, () => returned);
    }
  }

  #startNext(): void {
    for (const run of this.#runs.values()) {
      if (this.#busy >= this.#conduct.slots) return;
      if (!run.isRunning) this.#start(run);
    }
  }

  #start(run: Run): void {
    const { timeline, random, chunkMsOf } = this.#components;
    const { slowness, spread, hangShare } = this.#conduct;
    const { job, chunks } = run.effect;
    this.#busy += 1;
    run.isRunning = true;
    const usualMs = chunkMsOf(job) * slowness;
    let totalMs = 0;
    for (let index = 0; index < chunks.length; index++) {
      const chunkMs = usualMs * (1 + spread * random.next());
      run.chunkMs.push(chunkMs);
      totalMs += chunkMs;
    }
    if (hangShare > 0 && random.next() < hangShare) run.chunkMs[0] = Infinity;
    else timeline.after(totalMs, () => this.#end(run, (index) => this.#computed(run, index)));
  }

  #end(run: Run, outcomeOf: (index: number) => ChunkOutcome): void {
    const { effect, isRunning } = run;
    if (!this.#runs.delete(effect.run)) return;
    if (isRunning) this.#busy -= 1;
    const outcomes = effect.chunks.map((_, index) => outcomeOf(index));
    this.#components.onDone({ type: 'run-done', run: effect.run, outcomes });
    this.#startNext();
  }

  #computed({ effect, chunkMs }: Run, index: number): ChunkOutcome {
    const outcome = this.#outcome(effect.job, effect.chunks[index]?.chunk ?? 0);
    return { outcome, computeMs: chunkMs[index] ?? 0 };
  }

  #outcome(job: JobId, chunk: number): Outcome {
    const { random } = this.#components;
    const { wrongShare, colludes, failShare } = this.#conduct;
    const value = Uint8Array.of(chunk & 255);
    if (failShare > 0 && random.next() < failShare) {
      return { type: 'failure', failure: { kind: 'threw', detail: 'it threw' } };
    }
    if (wrongShare === 0 || random.next() >= wrongShare) {
      return { type: 'result', digest: rightDigest(job, chunk), value };
    }
    this.#lies += 1;
    // Lies of two peers differ: each numbers its own from somewhere else.
    const number = Math.floor(random.next() * 2 ** 20) * 2 ** 10 + (this.#lies & 1023);
    const digest = colludes ? agreedLie(job, chunk) : ownLie(job, number);
    return { type: 'result', digest, value };
  }
}
