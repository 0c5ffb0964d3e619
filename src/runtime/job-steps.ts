/**
 * What comes before and after the chunks of a job, at its requester: with code of the job's own, in
 * the sandbox, or without any.
 */

import { GridError } from '../model/errors.ts';
import type { ChunkLimits, Pieces } from '../model/job.ts';
import type { LoadableProgram, Sandbox, Store, StoredOutput } from '../ports.ts';
import type { JobInput } from './job-input.ts';
import { joinResults } from './joined-results.ts';
import { type PieceSource, splitIntoPieces } from './pieces.ts';

type Results = () => AsyncIterable<readonly Uint8Array[]>;

export interface StepRunner {
  /**
   * Canonical CBOR of each chunk's input, some at a time.
   * @throws {GridError} `job-failed`, `input-unreadable`
   */
  split(signal: AbortSignal): AsyncIterable<readonly Uint8Array[]>;

  /**
   * @param results of all chunks in their order, as they come; from the first one each time
   * @throws {GridError} `job-failed`, `disk-full`, `store-failed`
   */
  merge(results: Results, signal: AbortSignal): Promise<StoredOutput>;

  /** Once nothing is split any more, or never will be. Idempotent. */
  closeInput(): Promise<void>;
}

export type ScriptOptions = {
  /** Loaded once already. */
  readonly script: LoadableProgram;
  readonly params: Uint8Array;
  readonly limits: ChunkLimits;
  /** `bytes` where the chunks are for a WASI program. */
  readonly encoding: 'values' | 'bytes';
  readonly input: JobInput | undefined;
};

export type PieceOptions = Omit<PieceSource, 'input'> & {
  readonly pieces: Pieces;
  readonly input: JobInput | undefined;
};

/**
 * A stranger's chunk may take the sandbox's process down while a step of ours runs in it. Whoever
 * did it has been found after a few deaths, so a step that saw more of them is likely the cause.
 */
const triesMax = 4;

/**
 * `split` and `merge` of a script. They give the same each time, so one that was cut off by the end
 * of the sandbox's process is begun again.
 */
export class ScriptSteps implements StepRunner {
  readonly #options: ScriptOptions;
  readonly #sandbox: Sandbox;
  readonly #store: Store;

  constructor(options: ScriptOptions, { sandbox, store }: { sandbox: Sandbox; store: Store }) {
    this.#options = options;
    this.#sandbox = sandbox;
    this.#store = store;
  }

  async *split(signal: AbortSignal): AsyncGenerator<readonly Uint8Array[]> {
    const { script, params, input, encoding } = this.#options;
    let yielded = 0;
    for (let triesLeft = triesMax; ; triesLeft -= 1) {
      let seen = 0;
      try {
        for await (const some of this.#sandbox.split(script.key, params, input, encoding, signal)) {
          const fresh = some.slice(Math.max(yielded - seen, 0));
          seen += some.length;
          yielded += fresh.length;
          if (fresh.length > 0) yield fresh;
        }
        return;
      } catch (error) {
        if (!isCutOff(error) || triesLeft === 1) throw error;
        await this.#load();
      }
    }
  }

  async merge(results: Results, signal: AbortSignal): Promise<StoredOutput> {
    const { script, params } = this.#options;
    for (let triesLeft = triesMax; ; triesLeft -= 1) {
      // Known at the submit; but others' programs that came since may have taken its place.
      await this.#load();
      try {
        const { kind, value } = await this.#sandbox.merge(script.key, params, results(), signal);
        return { kind, blob: await this.#store.putBlob(value) };
      } catch (error) {
        if (!isCutOff(error) || triesLeft === 1) throw error;
      }
    }
  }

  async #load(): Promise<void> {
    const { script, limits } = this.#options;
    await this.#sandbox.load(script, limits);
  }

  async closeInput(): Promise<void> {
    await this.#options.input?.close();
  }
}

/** The sandbox's process has died, through no fault of the step that can be seen. */
function isCutOff(error: unknown): boolean {
  return error instanceof GridError && error.code === 'internal';
}

/** Pieces of the input or of what takes its place, and their results joined. */
export class PieceSteps implements StepRunner {
  readonly #options: PieceOptions;
  readonly #store: Store;

  constructor(options: PieceOptions, { store }: { store: Store }) {
    this.#options = options;
    this.#store = store;
  }

  split(): AsyncIterable<readonly Uint8Array[]> {
    const { pieces, paths, input } = this.#options;
    return splitIntoPieces(pieces, { input: input?.pieces, paths });
  }

  merge(results: Results, signal: AbortSignal): Promise<StoredOutput> {
    return joinResults(results(), this.#store, signal);
  }

  async closeInput(): Promise<void> {
    await this.#options.input?.close();
  }
}
