/**
 * What comes before and after the chunks of a job, at its requester: with code of the job's own, in
 * the sandbox, or without any.
 */

import type { ChunkLimits, Pieces } from '../model/job.ts';
import type { LoadableProgram, Sandbox, Store, StoredOutput } from '../ports.ts';
import type { JobInput } from './job-input.ts';
import { joinResults } from './joined-results.ts';
import { type PieceSource, splitIntoPieces } from './pieces.ts';

export interface StepRunner {
  /**
   * Canonical CBOR of each chunk's input, some at a time.
   * @throws {GridError} `job-failed`, `input-unreadable`
   */
  split(signal: AbortSignal): AsyncIterable<readonly Uint8Array[]>;

  /**
   * @param results of all chunks in their order, as they come
   * @throws {GridError} `job-failed`, `disk-full`, `store-failed`
   */
  merge(results: AsyncIterable<readonly Uint8Array[]>, signal: AbortSignal): Promise<StoredOutput>;

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

/** `split` and `merge` of a script. */
export class ScriptSteps implements StepRunner {
  readonly #options: ScriptOptions;
  readonly #sandbox: Sandbox;
  readonly #store: Store;

  constructor(options: ScriptOptions, { sandbox, store }: { sandbox: Sandbox; store: Store }) {
    this.#options = options;
    this.#sandbox = sandbox;
    this.#store = store;
  }

  split(signal: AbortSignal): AsyncIterable<readonly Uint8Array[]> {
    const { script, params, input, encoding } = this.#options;
    return this.#sandbox.split(script.key, params, input, encoding, signal);
  }

  async merge(
    results: AsyncIterable<readonly Uint8Array[]>,
    signal: AbortSignal,
  ): Promise<StoredOutput> {
    const { script, params, limits } = this.#options;
    // Known at the submit; but others' programs that came since may have taken its place.
    await this.#sandbox.load(script, limits);
    const { kind, value } = await this.#sandbox.merge(script.key, params, results, signal);
    return { kind, blob: await this.#store.putBlob(value) };
  }

  async closeInput(): Promise<void> {
    await this.#options.input?.close();
  }
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

  merge(results: AsyncIterable<readonly Uint8Array[]>, signal: AbortSignal): Promise<StoredOutput> {
    return joinResults(results, this.#store, signal);
  }

  async closeInput(): Promise<void> {
    await this.#options.input?.close();
  }
}
